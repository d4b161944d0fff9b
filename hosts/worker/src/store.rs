//! The two halves behind the core's write protocol.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use pik_core::{Answer, EventId, Ledger, Record, Store, StoreError, Submission};

use crate::{D1Ledger, R2RawStore};

/// How many events of one batch are ingested side by side: a Worker has six connections.
const SIDE_BY_SIDE: usize = 6;

/// A store on R2 and D1.
#[derive(Debug)]
pub struct WorkerStore {
    pub(crate) ledger: D1Ledger,
    pub(crate) raw_store: R2RawStore,
}

impl WorkerStore {
    /// A store of these halves.
    pub fn new(ledger: D1Ledger, raw_store: R2RawStore) -> Self {
        Self { ledger, raw_store }
    }

    /// The half that keeps records.
    pub fn ledger(&self) -> &D1Ledger {
        &self.ledger
    }

    /// The half that keeps raw objects.
    pub fn raw_store(&self) -> &R2RawStore {
        &self.raw_store
    }
}

impl Store for WorkerStore {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        pik_core::ingest(&self.ledger, &self.raw_store, &submission).await
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        // Equal events one after the other, in their order; different ones side by side.
        let mut groups: BTreeMap<EventId, Vec<(usize, Submission)>> = BTreeMap::new();
        for (place, submission) in submissions.into_iter().enumerate() {
            groups.entry(submission.record.event_id).or_default().push((place, submission));
        }
        let ingest_group = |group: Vec<(usize, Submission)>| async {
            let mut answers = Vec::with_capacity(group.len());
            for (place, submission) in group {
                answers.push((place, self.ingest(submission).await));
            }
            answers
        };
        let groups = stream::iter(groups.into_values()).map(ingest_group).buffer_unordered(SIDE_BY_SIDE);
        let mut answers: Vec<_> = groups.flat_map(stream::iter).collect().await;
        answers.sort_unstable_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.ledger.find(id).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<Vec<u8>>, StoreError> {
        pik_core::read_raw(&self.ledger, &self.raw_store, id).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        // An id that no event has: the table answers, and that it is there.
        self.ledger.find(&EventId::from_bytes([0; 32])).await?;
        self.raw_store.ready().await
    }
}
