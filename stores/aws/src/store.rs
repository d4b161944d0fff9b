//! The two halves behind the core's write protocol.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use pik_core::{
    Answer, Bucket, Clock, EventId, Evidence, IngestTime, Investigate, NotKept, Page, Position, Query, QueryError,
    RawObject, Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace, RejectionQuery,
    Rejections, SplitStore, StatsQuery, Store, StoreError, Stream, Submission, ingest_batch,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::on::On;
use crate::{Clients, DynamoLedger, S3RawStore, Settings};

/// How many ingests of one host are under way at once, each with a call and so a connection of its own.
const UNDER_WAY: usize = 256;

/// How many more may wait for their turn, each holding its event's bytes; the rest are answered `overloaded`.
const WAITING: usize = 2048;

/// How many events of one batch are ingested side by side.
const SIDE_BY_SIDE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

/// A store on S3 and DynamoDB.
#[derive(Debug)]
pub struct AwsStore {
    pub(crate) clients: Clients,
    pub(crate) settings: Settings,
    pub(crate) halves: SplitStore<DynamoLedger, S3RawStore>,
    under_way: Semaphore,
    waiting: AtomicUsize,
}

impl AwsStore {
    /// [`AwsStore::connect_with`] the system's clock.
    pub async fn connect(settings: Settings) -> Result<Self, StoreError> {
        let since_1970 = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::connect_with(settings, Clock::new(move || i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX)))
            .await
    }

    /// Reads region, credentials and endpoints from the environment. Asks nothing of the services yet, so that a host
    /// starts while they cannot be reached.
    pub async fn connect_with(settings: Settings, clock: Clock) -> Result<Self, StoreError> {
        let clients = Clients::from_environment(&settings).await;
        clients.need_region()?;
        Ok(Self {
            halves: SplitStore::new(
                DynamoLedger::new(&clients, &settings),
                S3RawStore::new(&clients, &settings),
                clock,
                SIDE_BY_SIDE,
            ),
            under_way: Semaphore::new(UNDER_WAY),
            waiting: AtomicUsize::new(0),
            clients,
            settings,
        })
    }

    pub(crate) fn on_bucket(&self) -> On<'_> {
        On::Bucket(&self.settings.bucket, self.settings.kms_key.as_deref())
    }

    pub(crate) fn on_table(&self) -> On<'_> {
        On::Table(&self.settings.table)
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

/// A submission that waits; it is counted until it is dropped, also when its caller leaves early.
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
        self.halves.ingest(submission).await
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        ingest_batch(submissions, self.halves.side_by_side, |submission| self.ingest(submission)).await
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.halves.find(id).await
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        self.halves.find_many(ids).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<RawObject>, StoreError> {
        self.halves.raw(id).await
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        self.halves.settled_until(now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.halves.ready().await
    }
}

impl Rejections for AwsStore {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        self.halves.keep(evidence).await
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        self.halves.rejections(query, after, limit).await
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        self.halves.rejected_hours(query).await
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        self.halves.rejected_streams(after, limit).await
    }
}

impl Investigate for AwsStore {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        self.halves.records(query, after, limit).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.halves.stats(query).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        self.halves.streams(after, limit).await
    }
}
