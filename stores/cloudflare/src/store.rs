//! The two halves behind the core's write protocol.

use futures_util::stream::{self, StreamExt};
use pik_core::{Answer, EventId, Ledger, Record, Store, StoreError, Submission, groups, in_order};

use crate::{D1Ledger, R2RawStore};

/// How many events of one batch are ingested side by side: a Worker has six connections.
const SIDE_BY_SIDE: usize = 6;

/// A store on R2 and D1.
#[derive(Debug)]
pub struct CloudflareStore {
    pub(crate) ledger: D1Ledger,
    pub(crate) raw_store: R2RawStore,
}

impl CloudflareStore {
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

impl Store for CloudflareStore {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        pik_core::ingest(&self.ledger, &self.raw_store, &submission).await
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        let ingest_group = |group: Vec<(usize, Submission)>| async {
            let mut answers = Vec::with_capacity(group.len());
            for (place, submission) in group {
                answers.push((place, self.ingest(submission).await));
            }
            answers
        };
        let groups = stream::iter(groups(submissions)).map(ingest_group).buffer_unordered(SIDE_BY_SIDE);
        in_order(groups.flat_map(stream::iter).collect().await)
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
