//! What an investigator may ask of a store, and in which order it answers.
//!
//! Every answer comes in pages. A page ends with a record, and the next page begins strictly behind that record in the
//! store's order, so paging neither skips nor repeats what was there at the start, whatever arrives meanwhile.

use core::future::Future;

use serde::{Deserialize, Serialize};

use crate::{EventId, EventTime, IngestTime, Outcome, Record, Store, StoreError};

/// Which occurrences, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// One entity through time: by event time, then event id; the first occurrence of an event before its duplicates,
    /// which follow by ingest time.
    Entity {
        /// The user, device or account.
        entity_id: String,
        /// The earliest event time, included.
        from: Option<EventTime>,
        /// The latest event time, excluded.
        to: Option<EventTime>,
        /// First occurrences alone, or duplicates alone; both when absent.
        status: Option<Outcome>,
    },
    /// The first occurrences of a type and day, by lag from the worst to the least, negative lags last.
    Lag {
        /// The origin system.
        source: String,
        /// The logical event type.
        event_type: String,
        /// Midnight UTC of the event date.
        event_date: EventTime,
        /// The least lag, included.
        min_lag_ms: Option<i64>,
    },
    /// What arrived in a window, duplicates too: by ingest time.
    Arrivals {
        /// The earliest ingest time, included.
        from: IngestTime,
        /// The latest ingest time, excluded.
        to: IngestTime,
        /// First occurrences alone, or duplicates alone; both when absent.
        status: Option<Outcome>,
    },
    /// The later occurrences of one event, by ingest time.
    Duplicates {
        /// The event.
        event_id: EventId,
    },
}

/// Where a page ended: enough of its last record to find its place in any of the orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The record's event.
    pub event_id: EventId,
    /// Its event time.
    pub event_time: EventTime,
    /// Its ingest time.
    pub ingest_time: IngestTime,
    /// Its lag.
    pub ingest_lag_ms: i64,
    /// Whether it is a first occurrence or a duplicate.
    pub status: Outcome,
    /// Its receipt.
    pub receipt: crate::Receipt,
}

impl Position {
    /// The place of a record that was answered.
    pub fn of(record: &Record) -> Self {
        let status = match record.status {
            crate::Status::Duplicate => Outcome::Duplicate,
            crate::Status::Pending | crate::Status::Accepted => Outcome::Accepted,
        };
        Self {
            event_id: record.event_id,
            event_time: record.event_time,
            ingest_time: record.ingest_time,
            ingest_lag_ms: record.ingest_lag_ms,
            status,
            receipt: record.receipt.clone(),
        }
    }
}

/// Some of the records that a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// At most as many as asked for; ACCEPTED and DUPLICATE ones, never PENDING.
    pub records: Vec<Record>,
    /// Whether there are more behind the last one. A page may be short, even empty of new records, only on the last page.
    pub more: bool,
}

/// The width of a bucket of event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BucketWidth {
    /// A UTC hour.
    Hour,
    /// A UTC day.
    Day,
}

impl BucketWidth {
    /// The width in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }
}

/// What to count: one source and type, by event time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsQuery {
    /// The origin system.
    pub source: String,
    /// The logical event type.
    pub event_type: String,
    /// The start of the first bucket, a multiple of `width`.
    pub from: EventTime,
    /// How many buckets.
    pub buckets: usize,
    /// The width of each.
    pub width: BucketWidth,
}

/// The occurrences whose event time lies in one bucket. Lags are those of first occurrences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's start; it ends where the next one starts.
    pub start: EventTime,
    /// First occurrences.
    pub accepted: u64,
    /// Later occurrences.
    pub duplicate: u64,
    /// The lags, absent when nothing was accepted.
    pub lag_ms: Option<Lags>,
    /// The earliest ingest time of any occurrence.
    pub first_arrival: Option<IngestTime>,
    /// The latest ingest time of any occurrence.
    pub last_arrival: Option<IngestTime>,
}

impl Bucket {
    /// A bucket in which nothing happened.
    pub fn empty(start: EventTime) -> Self {
        Self { start, accepted: 0, duplicate: 0, lag_ms: None, first_arrival: None, last_arrival: None }
    }
}

/// A bucket's lags in milliseconds: at or below `p50` lie half of them, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the field's")]
pub struct Lags {
    pub p50: i64,
    pub p95: i64,
    pub p99: i64,
    pub max: i64,
}

/// A store that answers investigators. Reads see every occurrence answered before the call, save where a store's
/// documentation says how far its indexes lag behind.
pub trait Investigate: Store {
    /// At most `limit` records of the query, in its order, behind `after`.
    fn records(
        &self,
        query: &Query,
        after: Option<&Position>,
        limit: usize,
    ) -> impl Future<Output = Result<Records, StoreError>> + Send;

    /// The buckets of the query, all of them, empty ones included.
    fn stats(&self, query: &StatsQuery) -> impl Future<Output = Result<Vec<Bucket>, StoreError>> + Send;
}
