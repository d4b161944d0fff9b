//! The reference store, in memory: what every other store is compared with. For tests and for trying things out.

use alloc::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::memory_rejections::MemoryRejections;
use crate::store::{Claim, Commit, Ledger, Put, RawStore};
use crate::{
    Bucket, EventId, Evidence, IngestTime, Investigate, NotKept, Page, Place, Position, Query, QueryError, RawKey,
    Receipt, Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace, RejectionQuery,
    Rejections, SplitStore, StatsQuery, Status, StoreError, Stream, StreamTally, Tally,
};

/// A ledger that lasts as long as the process.
#[derive(Debug)]
pub struct MemoryLedger {
    bucket: String,
    records: Mutex<Records>,
    rejections: Mutex<MemoryRejections>,
}

#[derive(Debug, Default)]
struct Records {
    first: BTreeMap<EventId, Record>,
    duplicates: BTreeMap<(EventId, IngestTime, Receipt), Record>,
}

impl Default for MemoryLedger {
    fn default() -> Self {
        Self::new("memory")
    }
}

impl MemoryLedger {
    /// An empty ledger whose records name `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), records: Mutex::default(), rejections: Mutex::default() }
    }

    /// Every record of an event: the first occurrence's, then the duplicates' by ingest time and receipt.
    pub fn records(&self, id: &EventId) -> Vec<Record> {
        let records = lock(&self.records);
        let duplicates = records.duplicates.values().filter(|record| record.event_id == *id);
        records.first.get(id).into_iter().chain(duplicates).cloned().collect()
    }

    /// Every record of every event, PENDING ones included.
    pub fn all(&self) -> Vec<Record> {
        let records = lock(&self.records);
        records.first.values().chain(records.duplicates.values()).cloned().collect()
    }
}

impl Ledger for MemoryLedger {
    fn raw_bucket(&self) -> &str {
        &self.bucket
    }

    async fn claim(&self, record: &Record) -> Result<Claim, StoreError> {
        let mut records = lock(&self.records);
        if let Some(first) = records.first.get(&record.event_id) {
            return Ok(Claim::Found(first.clone()));
        }
        records.first.insert(record.event_id, record.clone());
        Ok(Claim::New)
    }

    async fn commit(&self, record: &Record) -> Result<Commit, StoreError> {
        match lock(&self.records).first.get_mut(&record.event_id) {
            None => Err(StoreError::Internal("there is no claim to commit; claim the event first".into())),
            Some(first) if first.status != Status::Pending => Ok(Commit::Already(first.receipt.clone())),
            Some(first) => {
                *first = record.clone();
                Ok(Commit::Done)
            }
        }
    }

    async fn record_duplicate(&self, record: &Record) -> Result<(), StoreError> {
        let key = (record.event_id, record.ingest_time, record.receipt.clone());
        lock(&self.records).duplicates.entry(key).or_insert_with(|| record.clone());
        Ok(())
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        Ok(lock(&self.records).first.get(id).cloned())
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        let records = lock(&self.records);
        Ok(ids.iter().map(|id| records.first.get(id).cloned()).collect())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A raw store that lasts as long as the process.
#[derive(Debug, Default)]
pub struct MemoryRawStore {
    objects: Mutex<BTreeMap<RawKey, Bytes>>,
}

impl MemoryRawStore {
    /// Every raw object of an event. There should never be more than one.
    pub fn objects(&self, id: &EventId) -> Vec<(RawKey, Bytes)> {
        let objects = lock(&self.objects);
        let theirs = objects.iter().filter(|(key, _)| key.partition().event_id == *id);
        theirs.map(|(key, raw)| (key.clone(), raw.clone())).collect()
    }
}

impl RawStore for MemoryRawStore {
    async fn create(&self, record: &Record, raw: Bytes) -> Result<Put, StoreError> {
        let mut objects = lock(&self.objects);
        if objects.contains_key(&record.raw_key) {
            return Ok(Put::Exists);
        }
        objects.insert(record.raw_key.clone(), raw);
        Ok(Put::Created)
    }

    async fn size(&self, record: &Record) -> Result<Option<u64>, StoreError> {
        Ok(lock(&self.objects).get(&record.raw_key).map(|raw| raw.len() as u64))
    }

    async fn read(&self, record: &Record) -> Result<Option<Bytes>, StoreError> {
        Ok(lock(&self.objects).get(&record.raw_key).cloned())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A [`Store`](crate::Store) of the two halves in memory.
///
/// ```
/// use core::future::Future;
/// use core::task::{Context, Poll, Waker};
/// use pik_core::{Event, MemoryStore, Outcome, Receipt, Store, Submission};
///
/// let event = Event::parse(br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
///     "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#).unwrap();
/// let arrived = "2025-12-29T20:15:35.580Z".parse().unwrap();
/// let submission = Submission::new(&event, arrived, Receipt::new("req-7", 0x2a, 0));
///
/// let store = MemoryStore::default();
/// let ingest = std::pin::pin!(store.ingest(submission));
/// let Poll::Ready(answer) = ingest.poll(&mut Context::from_waker(Waker::noop())) else {
///     panic!("memory never makes anyone wait");
/// };
/// assert_eq!(answer.unwrap().status, Outcome::Accepted);
/// assert_eq!(store.raw_store.objects(event.id())[0].1, event.raw());
/// ```
pub type MemoryStore = SplitStore<MemoryLedger, MemoryRawStore>;

impl Investigate for MemoryLedger {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        let after = after.map(|position| Place::read(position).ok_or(QueryError::Position)).transpose()?;
        let mut found: Vec<(Place, Record)> = {
            let records = lock(&self.records);
            let all = records.first.values().chain(records.duplicates.values());
            let asked = all.filter(|record| query.asks_for(record)).map(|record| (Place::of(record), record));
            let behind =
                asked.filter(|(place, _)| after.as_ref().is_none_or(|after| query.order(after, place).is_lt()));
            behind.map(|(place, record)| (place, record.clone())).collect()
        };
        found.sort_by(|(one, _), (other, _)| query.order(one, other));
        let more = found.len() > limit.max(1);
        found.truncate(limit.max(1));
        let next = if more { found.last().map(|(place, _)| place.position()) } else { None };
        Ok(Page { items: found.into_iter().map(|(_, record)| record).collect(), next })
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        let mut tallies = alloc::vec![Tally::default(); query.buckets()];
        let records = lock(&self.records);
        for record in records.first.values().chain(records.duplicates.values()) {
            if record.status != Status::Pending
                && record.source == query.source
                && record.event_type == query.event_type
                && let Some(place) = query.place_of(&record.event_time)
            {
                tallies[place].add(Place::of(record).status, record.ingest_time, record.ingest_lag_ms);
            }
        }
        Ok(query.answer(&tallies))
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        let after = after.map(|position| Stream::names_of(position).ok_or(QueryError::Position)).transpose()?;
        let mut tallies: BTreeMap<(String, String), StreamTally> = BTreeMap::new();
        {
            let records = lock(&self.records);
            let all = records.first.values().chain(records.duplicates.values());
            for record in all.filter(|record| record.status != Status::Pending) {
                let tally = tallies.entry((record.source.clone(), record.event_type.clone())).or_default();
                tally.add(Place::of(record).status, record.ingest_time, record.event_time);
            }
        }
        let behind = tallies.into_iter().filter(|((source, event_type), _)| {
            after.is_none_or(|after| after < (source.as_str(), event_type.as_str()))
        });
        let mut items: Vec<Stream> =
            behind.filter_map(|((source, event_type), tally)| tally.stream(source, event_type)).collect();
        let more = items.len() > limit.max(1);
        items.truncate(limit.max(1));
        let next = if more { items.last().map(Stream::position) } else { None };
        Ok(Page { items, next })
    }
}

impl Rejections for MemoryLedger {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        lock(&self.rejections).keep(evidence);
        Ok(())
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        Ok(lock(&self.rejections).page(query, after, limit))
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        Ok(lock(&self.rejections).hours(query))
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        Ok(lock(&self.rejections).streams(after, limit))
    }
}

// Every change is one insertion or assignment, so a panic elsewhere leaves nothing half-done behind the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
