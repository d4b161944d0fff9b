//! The metadata record, built to be asked by entity, by lag and by arrival.

use serde::{Deserialize, Serialize};

use crate::{EventId, EventTime, IngestTime, PayloadHash, RawKey, Receipt};

/// The version of the contract that records carry.
pub const CONTRACT: u8 = 1;

/// How far an occurrence has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Claimed; the raw object may or may not be there. Any retry completes it.
    Pending,
    /// The first occurrence; raw object and record are durable.
    Accepted,
    /// A later occurrence.
    Duplicate,
}

impl Status {
    /// The status as stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
        }
    }

    /// Reads what [`Status::as_str`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        match text {
            "PENDING" => Some(Self::Pending),
            "ACCEPTED" => Some(Self::Accepted),
            "DUPLICATE" => Some(Self::Duplicate),
            _ => None,
        }
    }
}

/// One occurrence of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The event's id.
    pub event_id: EventId,
    /// The origin system.
    pub source: String,
    /// The logical event type.
    pub event_type: String,
    /// The user, device or account.
    pub entity_id: String,
    /// When it happened.
    pub event_time: EventTime,
    /// When this occurrence arrived.
    pub ingest_time: IngestTime,
    /// How late this occurrence arrived, in milliseconds; negative for events from the future.
    pub ingest_lag_ms: i64,
    /// The time under which arrivals list this occurrence, if that is not `ingest_time`: its claim was finished by a later
    /// attempt, or late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_time: Option<IngestTime>,
    /// How far this occurrence has come.
    pub status: Status,
    /// The bucket, or the kind of the embedded store, that holds the raw object.
    pub raw_bucket: String,
    /// The key of the raw object, the first occurrence's for a duplicate.
    pub raw_key: RawKey,
    /// The size of the raw object in bytes.
    pub raw_size: u64,
    /// The hash of the payload.
    pub payload_hash: PayloadHash,
    /// The attempt that wrote this record.
    pub receipt: Receipt,
    /// The version of the contract: [`CONTRACT`].
    pub contract: u8,
}

impl Record {
    /// The time under which arrivals list this occurrence.
    pub fn listed_time(&self) -> IngestTime {
        self.finished_time.unwrap_or(self.ingest_time)
    }

    /// This record, listed under `time` unless it arrived later than that.
    pub fn listed_under(self, time: IngestTime) -> Self {
        Self { finished_time: Some(time).filter(|time| *time > self.ingest_time), ..self }
    }
}

/// What an ingest that succeeded answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The event's id.
    pub event_id: EventId,
    /// ACCEPTED or DUPLICATE.
    pub status: Outcome,
    /// The lag of this occurrence, in milliseconds.
    pub ingest_lag_ms: i64,
    /// The key of the raw object, the first occurrence's for a duplicate.
    #[serde(rename = "s3_key")]
    pub raw_key: RawKey,
}

/// First occurrence, or seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// The first occurrence.
    Accepted,
    /// Seen before; this occurrence is recorded.
    Duplicate,
}

impl Outcome {
    /// The outcome as it stands in answers and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
        }
    }
}

impl Answer {
    /// The answer for an occurrence whose record is final.
    pub fn of(outcome: Outcome, record: &Record) -> Self {
        Self {
            event_id: record.event_id,
            status: outcome,
            ingest_lag_ms: record.ingest_lag_ms,
            raw_key: record.raw_key.clone(),
        }
    }
}
