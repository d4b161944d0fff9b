//! What an investigator may ask of a store, and in which order it answers.
//!
//! Every answer comes in pages. A page ends at a position, and the next page begins strictly behind it in the store's
//! order, so paging neither skips nor repeats what was there at the start, whatever arrives meanwhile.

use core::fmt;
use core::future::Future;

use serde::{Deserialize, Serialize};

use crate::{
    Bucket, EventId, EventTime, IngestTime, Outcome, Page, Position, Range, Record, Rejections, Scope, Span,
    StatsQuery, StoreError, Stream,
};

/// Which occurrences, in which order. What the order leaves open (two arrivals in one millisecond) is up to the store,
/// and the same in every answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// One entity through time: by event time, then event id, then arrival, so that the first occurrence of an event
    /// stands before its duplicates.
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
    /// What arrived in a window, duplicates too: by the time under which they are listed
    /// ([`Record::listed_time`]), the ingest time of nearly all.
    Arrivals {
        /// The earliest time, included.
        from: IngestTime,
        /// The latest time, excluded.
        to: IngestTime,
        /// First occurrences alone, or duplicates alone; both when absent.
        status: Option<Outcome>,
    },
    /// A time range of a type, of a source or of all.
    Range(Range),
    /// The later occurrences of one event, by arrival.
    Duplicates {
        /// The event.
        event_id: EventId,
    },
}

impl Query {
    /// The same question, frozen: arrivals end at `settled_until`. Its pages then show the same records whenever they are
    /// read.
    ///
    /// ```
    /// use pik_core::Query;
    ///
    /// let [from, until, to] = ["10:00", "10:05", "11:00"].map(|time| format!("2025-12-29T{time}:00.000Z").parse().unwrap());
    /// let question = Query::Arrivals { from, to, status: None };
    /// assert_eq!(question.frozen(until), Query::Arrivals { from, to: until, status: None });
    /// ```
    #[must_use]
    pub fn frozen(self, settled_until: IngestTime) -> Self {
        match self {
            Self::Arrivals { from, to, status } => Self::Arrivals { from, to: to.min(settled_until).max(from), status },
            Self::Range(range) => Self::Range(range.frozen(settled_until)),
            Self::Entity { .. } | Self::Lag { .. } | Self::Duplicates { .. } => self,
        }
    }

    /// The source that it names, and the type if it names one.
    pub fn stream(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Self::Lag { source, event_type, .. } => Some((source, Some(event_type))),
            Self::Range(Range { scope, .. }) => match scope {
                Scope::All => None,
                Scope::Source { source } => Some((source, None)),
                Scope::Stream { source, event_type } => Some((source, Some(event_type))),
            },
            Self::Entity { .. } | Self::Arrivals { .. } | Self::Duplicates { .. } => None,
        }
    }

    /// From when to when it asks for arrivals, the end excluded; `None` for a question about something else.
    ///
    /// What it is answered must end where arrivals are settled: see [`Query::frozen`].
    pub fn arrivals(&self) -> Option<(IngestTime, IngestTime)> {
        match self {
            Self::Arrivals { from, to, .. } => Some((*from, *to)),
            Self::Range(Range { span: Span::Arrival { from, to }, .. }) => Some((*from, *to)),
            Self::Range(Range { span: Span::EventTime { .. }, .. })
            | Self::Entity { .. }
            | Self::Lag { .. }
            | Self::Duplicates { .. } => None,
        }
    }
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryError {
    /// The position is not one that this store gave for this query.
    Position,
    /// The store has no order in which it could answer; what to ask instead.
    Unanswered(&'static str),
    /// The store could not do what it was asked.
    Store(StoreError),
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position => f.write_str("the position is not of this query; begin at the first page"),
            Self::Unanswered(instead) => f.write_str(instead),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for QueryError {}

/// A store that answers investigators. Reads see every occurrence answered before the call, save where a store's
/// documentation says how far its indexes lag behind.
///
/// The questions are about records alone, so in a store of two halves the [`Ledger`](crate::Ledger) answers them.
pub trait Investigate: Rejections {
    /// At most `limit` records of the query, in its order, behind `after`: ACCEPTED and DUPLICATE ones, never PENDING. A
    /// limit of 0 is one of 1.
    fn records(
        &self,
        query: &Query,
        after: Option<&Position>,
        limit: usize,
    ) -> impl Future<Output = Result<Page<Record>, QueryError>> + Send;

    /// The buckets of the query, all of them, empty ones included.
    fn stats(&self, query: &StatsQuery) -> impl Future<Output = Result<Vec<Bucket>, StoreError>> + Send;

    /// At most `limit` of the sources and types of which there are events, by source and type as bytes, behind `after`. A
    /// limit of 0 is one of 1.
    fn streams(
        &self,
        after: Option<&Position>,
        limit: usize,
    ) -> impl Future<Output = Result<Page<Stream>, QueryError>> + Send;
}
