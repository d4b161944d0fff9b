//! No store: behind a gate, and behind settings that cannot be right.

use pik_core::{
    Answer, Bucket, EventId, Evidence, IngestTime, Investigate, NotKept, Page, Position, Query, QueryError, RawObject,
    Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace, RejectionQuery, Rejections,
    StatsQuery, Store, StoreError, Stream, Submission,
};

/// A store that has nothing and takes nothing.
#[derive(Debug)]
pub(crate) struct Nowhere;

fn absent() -> StoreError {
    StoreError::Unavailable("there is no store here".into())
}

impl Store for Nowhere {
    async fn ingest(&self, _: Submission) -> Result<Answer, StoreError> {
        Err(absent())
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        submissions.iter().map(|_| Err(absent())).collect()
    }

    async fn find(&self, _: &EventId) -> Result<Option<Record>, StoreError> {
        Err(absent())
    }

    async fn raw(&self, _: &EventId) -> Result<Option<RawObject>, StoreError> {
        Err(absent())
    }

    async fn settled_until(&self, _: IngestTime) -> Result<IngestTime, StoreError> {
        Err(absent())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Err(absent())
    }
}

impl Rejections for Nowhere {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        Err(NotKept { error: absent(), rest: evidence })
    }

    async fn rejections(
        &self,
        _: &RejectionQuery,
        _: Option<RejectionPlace>,
        _: usize,
    ) -> Result<RejectionPage, StoreError> {
        Err(absent())
    }

    async fn rejected_hours(&self, _: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        Err(absent())
    }

    async fn rejected_streams(&self, _: Option<(&str, &str)>, _: usize) -> Result<Vec<RejectedStream>, StoreError> {
        Err(absent())
    }
}

impl Investigate for Nowhere {
    async fn records(&self, _: &Query, _: Option<&Position>, _: usize) -> Result<Page<Record>, QueryError> {
        Err(absent().into())
    }

    async fn stats(&self, _: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        Err(absent())
    }

    async fn streams(&self, _: Option<&Position>, _: usize) -> Result<Page<Stream>, QueryError> {
        Err(absent().into())
    }
}
