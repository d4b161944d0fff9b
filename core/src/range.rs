//! Records of a time range: of a type, of a source, or of all.

use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{EventTime, IngestTime, Outcome, Record};

/// Which records of a time range, in which order. By event time or by arrival; what that leaves open is up to the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Of which events.
    pub scope: Scope,
    /// Between which times.
    pub span: Span,
    /// The earliest first, or the latest.
    pub order: Order,
    /// First occurrences alone, or duplicates alone; both when absent.
    pub status: Option<Outcome>,
}

/// The events that a range is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All.
    All,
    /// Those of a source.
    Source {
        /// The origin system.
        source: String,
    },
    /// Those of a source and type.
    Stream {
        /// The origin system.
        source: String,
        /// The logical event type.
        event_type: String,
    },
}

/// The times of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// When events happened.
    EventTime {
        /// The earliest event time, included.
        from: Option<EventTime>,
        /// The latest event time, excluded.
        to: Option<EventTime>,
    },
    /// When occurrences arrived: the time under which they are listed ([`Record::listed_time`]).
    Arrival {
        /// The earliest time, included.
        from: IngestTime,
        /// The latest time, excluded.
        to: IngestTime,
    },
}

/// The direction of a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Order {
    /// The earliest first.
    #[default]
    #[serde(rename = "asc")]
    Ascending,
    /// The latest first.
    #[serde(rename = "desc")]
    Descending,
}

impl Order {
    /// The order as it stands in questions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }
}

/// A text that is neither `asc` nor `desc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseOrderError;

impl core::fmt::Display for ParseOrderError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("neither `asc` nor `desc`; write one of them in lower case")
    }
}

impl core::error::Error for ParseOrderError {}

impl FromStr for Order {
    type Err = ParseOrderError;

    fn from_str(text: &str) -> Result<Self, ParseOrderError> {
        [Self::Ascending, Self::Descending].into_iter().find(|order| order.as_str() == text).ok_or(ParseOrderError)
    }
}

impl Scope {
    /// The source and the type that are named.
    pub fn names(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::All => (None, None),
            Self::Source { source } => (Some(source), None),
            Self::Stream { source, event_type } => (Some(source), Some(event_type)),
        }
    }

    fn has(&self, record: &Record) -> bool {
        let (source, event_type) = self.names();
        source.is_none_or(|source| source == record.source)
            && event_type.is_none_or(|event_type| event_type == record.event_type)
    }
}

impl Span {
    fn has(&self, record: &Record) -> bool {
        match self {
            Self::EventTime { from, to } => {
                from.is_none_or(|from| from <= record.event_time) && to.is_none_or(|to| record.event_time < to)
            }
            Self::Arrival { from, to } => (*from..*to).contains(&record.listed_time()),
        }
    }
}

impl Range {
    /// The same range, with arrivals ended at `settled_until`.
    #[must_use]
    pub fn frozen(self, settled_until: IngestTime) -> Self {
        match self.span {
            Span::EventTime { .. } => self,
            Span::Arrival { from, to } => {
                Self { span: Span::Arrival { from, to: to.min(settled_until).max(from) }, ..self }
            }
        }
    }

    /// Whether scope and times fit a record.
    pub(crate) fn has(&self, record: &Record) -> bool {
        self.scope.has(record) && self.span.has(record)
    }
}
