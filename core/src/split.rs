//! A store of two halves.

use alloc::collections::BTreeMap;
use core::future::Future;
use core::num::NonZeroUsize;

use futures_util::stream::{self, StreamExt};

use crate::settling::settled_until;
use crate::{
    Answer, Bucket, Clock, EventId, Evidence, IngestTime, Investigate, Ledger, NotKept, Page, Position, Query,
    QueryError, RawObject, RawStore, Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage,
    RejectionPlace, RejectionQuery, Rejections, StatsQuery, Store, StoreError, Stream, Submission, ingest, read_raw,
};

/// A [`Store`] of a [`Ledger`] and a [`RawStore`] that share no transaction: [`ingest()`] puts their calls in order.
#[derive(Debug)]
pub struct SplitStore<L, R> {
    /// The half that keeps records.
    pub ledger: L,
    /// The half that keeps raw objects.
    pub raw_store: R,
    /// Read before every commit.
    pub clock: Clock,
    /// How many events of one batch are ingested side by side.
    pub side_by_side: NonZeroUsize,
}

impl<L, R> SplitStore<L, R> {
    /// A store that ingests at most `side_by_side` events of one batch at once.
    pub const fn new(ledger: L, raw_store: R, clock: Clock, side_by_side: NonZeroUsize) -> Self {
        Self { ledger, raw_store, clock, side_by_side }
    }
}

impl<L: Default, R: Default> Default for SplitStore<L, R> {
    /// A store whose clock stands still at the beginning of 1970: it takes every attempt for a fresh one.
    fn default() -> Self {
        Self::new(L::default(), R::default(), Clock::new(|| 0), NonZeroUsize::MIN)
    }
}

impl<L: Ledger + 'static, R: RawStore + 'static> Store for SplitStore<L, R> {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        ingest(&self.ledger, &self.raw_store, &self.clock, &submission).await
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        ingest_batch(submissions, self.side_by_side, |submission| self.ingest(submission)).await
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.ledger.find(id).await
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        self.ledger.find_many(ids).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<RawObject>, StoreError> {
        read_raw(&self.ledger, &self.raw_store, id).await
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        Ok(settled_until(now))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.ledger.ready().await?;
        self.raw_store.ready().await
    }
}

impl<L: Investigate, R: RawStore + 'static> Investigate for SplitStore<L, R> {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        self.ledger.records(query, after, limit).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.ledger.stats(query).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        self.ledger.streams(after, limit).await
    }
}

impl<L: Rejections, R: RawStore + 'static> Rejections for SplitStore<L, R> {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        self.ledger.keep(evidence).await
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        self.ledger.rejections(query, after, limit).await
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        self.ledger.rejected_hours(query).await
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        self.ledger.rejected_streams(after, limit).await
    }
}

/// Ingests a batch, at most `side_by_side` events at once; one result for each submission, in order. Of equal events the
/// earlier one is ingested first.
pub async fn ingest_batch<F: Future<Output = Result<Answer, StoreError>>>(
    submissions: Vec<Submission>,
    side_by_side: NonZeroUsize,
    ingest: impl Fn(Submission) -> F,
) -> Vec<Result<Answer, StoreError>> {
    let mut events: BTreeMap<EventId, Vec<(usize, Submission)>> = BTreeMap::new();
    for (place, submission) in submissions.into_iter().enumerate() {
        events.entry(submission.event_id).or_default().push((place, submission));
    }
    let ingest = &ingest;
    let occurrences = |occurrences: Vec<(usize, Submission)>| async move {
        let mut answers = Vec::with_capacity(occurrences.len());
        for (place, submission) in occurrences {
            answers.push((place, ingest(submission).await));
        }
        answers
    };
    let done = stream::iter(events.into_values()).map(occurrences).buffer_unordered(side_by_side.get());
    let mut answers: Vec<_> = done.flat_map(stream::iter).collect().await;
    answers.sort_unstable_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;
    use crate::store::Put;
    use crate::{MemoryLedger, MemoryStore};

    /// Raw objects that cannot be reached.
    #[derive(Default)]
    struct Away;

    impl RawStore for Away {
        async fn create(&self, _: &Record, _: Bytes) -> Result<Put, StoreError> {
            self.ready().await.map(|()| Put::Exists)
        }

        async fn size(&self, _: &Record) -> Result<Option<u64>, StoreError> {
            self.ready().await.map(|()| None)
        }

        async fn read(&self, _: &Record) -> Result<Option<Bytes>, StoreError> {
            self.ready().await.map(|()| None)
        }

        async fn ready(&self) -> Result<(), StoreError> {
            Err(StoreError::Unavailable("away".into()))
        }
    }

    #[test]
    fn a_store_is_not_ready_while_a_half_is_away() {
        assert_eq!(MemoryStore::default().ready().now_or_never(), Some(Ok(())));
        let halved = SplitStore::<MemoryLedger, Away>::default();
        assert_eq!(halved.ready().now_or_never(), Some(Err(StoreError::Unavailable("away".into()))));
    }
}
