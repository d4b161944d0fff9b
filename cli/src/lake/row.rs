//! One event of a lake.

use anyhow::Result;
use pik_core::{EventId, EventTime, IngestTime, PayloadHash, RawKey};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::investigate::genuine_with_payload;

/// An event as a store has it.
pub(super) struct Stored {
    pub(super) event_id: EventId,
    pub(super) ingest_time: IngestTime,
    pub(super) raw: Vec<u8>,
}

/// A row as a file has it.
pub(super) struct Found<'a> {
    pub(super) event_id: EventId,
    pub(super) ingest_time: IngestTime,
    pub(super) raw: &'a str,
    /// The name of a column that is not as in this row.
    pub(super) differs: &'a dyn Fn(&Row<'_>) -> Option<&'static str>,
}

/// What is done with each row of a file.
pub(super) type Each<'a> = dyn FnMut(Found<'_>) -> Result<()> + 'a;

/// The columns of an event. Those that the event decides are read from its raw text, not from its record.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) event_id: EventId,
    pub(super) source: String,
    pub(super) event_type: String,
    pub(super) entity_id: String,
    pub(super) event_time: EventTime,
    pub(super) ingest_time: IngestTime,
    pub(super) ingest_lag_ms: i64,
    pub(super) payload_hash: PayloadHash,
    /// In its canonical form, whose hash is `payload_hash`.
    pub(super) payload: Box<RawValue>,
    /// As it was received.
    pub(super) raw: &'a str,
}

impl<'a> Row<'a> {
    /// Reads an event, which must be the one that its key names and lie in this partition.
    pub(super) fn read(partition: &str, stored: &'a Stored) -> Result<Self> {
        let key: RawKey = format!("{partition}/event_id={}.json", stored.event_id).parse()?;
        let (event, payload) = genuine_with_payload(&key, &stored.raw)?;
        Ok(Self {
            event_id: *event.id(),
            source: event.source().to_owned(),
            event_type: event.event_type().to_owned(),
            entity_id: event.entity_id().to_owned(),
            event_time: *event.event_time(),
            ingest_time: stored.ingest_time,
            ingest_lag_ms: stored.ingest_time.lag_ms(event.event_time()),
            payload_hash: *event.payload_hash(),
            payload: RawValue::from_string(payload)?,
            raw: std::str::from_utf8(event.raw())?,
        })
    }

    /// By entity, then time.
    pub(super) fn order(&self) -> (&str, EventTime, EventId) {
        (&self.entity_id, self.event_time, self.event_id)
    }
}
