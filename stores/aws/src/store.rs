//! The two halves behind the core's write protocol.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt};
use pik_core::{Answer, EventId, Ledger, Record, Store, StoreError, Submission, groups, in_order};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Clients, DynamoLedger, S3RawStore, Settings, init};

/// How many ingests of one host are under way at once, each with a call and so a connection of its own.
const UNDER_WAY: usize = 256;

/// How many more may wait for their turn, each holding its event's bytes; the rest are answered `overloaded`.
const WAITING: usize = 2048;

/// How many events of one batch are ingested side by side.
const BATCH: usize = 32;

/// A store on S3 and DynamoDB.
#[derive(Debug)]
pub struct AwsStore {
    pub(crate) clients: Clients,
    pub(crate) settings: Settings,
    pub(crate) ledger: DynamoLedger,
    pub(crate) raw_store: S3RawStore,
    under_way: Semaphore,
    waiting: AtomicUsize,
}

impl AwsStore {
    /// Reads region, credentials and endpoints from the environment. Asks nothing of the services yet, so that a host
    /// starts while they cannot be reached.
    pub async fn connect(settings: Settings) -> Result<Self, StoreError> {
        let clients = Clients::from_environment(&settings).await;
        clients.need_region()?;
        Ok(Self {
            ledger: DynamoLedger::new(&clients, &settings),
            raw_store: S3RawStore::new(&clients, &settings),
            under_way: Semaphore::new(UNDER_WAY),
            waiting: AtomicUsize::new(0),
            clients,
            settings,
        })
    }

    /// A place among those under way, in the order of asking.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        if let Ok(turn) = self.under_way.try_acquire() {
            return Ok(turn);
        }
        let place = Place::among(&self.waiting);
        if place.number >= WAITING {
            return Err(StoreError::Overloaded(format!(
                "{UNDER_WAY} ingests are under way in this host and {WAITING} wait"
            )));
        }
        self.under_way.acquire().await.map_err(|closed| StoreError::Internal(closed.to_string()))
    }
}

/// One of those who wait, also when it stops waiting early.
struct Place<'a> {
    count: &'a AtomicUsize,
    number: usize,
}

impl<'a> Place<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        Self { count, number: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Store for AwsStore {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        let _turn = self.turn().await?;
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
        let groups = stream::iter(groups(submissions)).map(ingest_group).buffer_unordered(BATCH);
        in_order(groups.flat_map(stream::iter).collect().await)
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.ledger.find(id).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<Vec<u8>>, StoreError> {
        pik_core::read_raw(&self.ledger, &self.raw_store, id).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        init::ready(&self.clients, &self.settings, &self.ledger).await
    }
}
