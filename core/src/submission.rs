//! One occurrence of an event before a store has seen it.

use bytes::Bytes;

use crate::{
    Answer, CONTRACT, Event, EventId, EventTime, IngestTime, Outcome, PayloadHash, RawKey, Receipt, Record, Status,
};

/// What a host knows of one occurrence, with the bytes to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
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
    /// The key of the raw object if this is the first occurrence.
    pub raw_key: RawKey,
    /// The hash of the payload.
    pub payload_hash: PayloadHash,
    /// This attempt.
    pub receipt: Receipt,
    /// The event as it was received, without the white space around it.
    pub raw: Bytes,
}

impl Submission {
    /// What is to be stored of an event that arrived at `ingest_time`. Copies the event's bytes;
    /// [`Submission::within`] does not.
    pub fn new(event: &Event<'_>, ingest_time: IngestTime, receipt: Receipt) -> Self {
        Self::of(event, Bytes::copy_from_slice(event.raw()), ingest_time, receipt)
    }

    /// [`Submission::new`] of an event that was parsed from `body` or from a part of it. The bytes are shared, not copied.
    ///
    /// Panics if the event is not a part of `body`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use pik_core::{Event, Receipt, Submission};
    ///
    /// let body = Bytes::from_static(br#"  {"source":"demo","event_type":"heartbeat","entity_id":"user_123",
    ///     "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}  "#);
    /// let event = Event::parse(&body).unwrap();
    /// let arrived = "2025-12-29T20:15:35.580Z".parse().unwrap();
    /// let submission = Submission::within(&body, &event, arrived, Receipt::new("req-7", 0x2a, 0));
    /// assert_eq!(submission.raw.as_ptr(), body[2..].as_ptr());
    /// ```
    pub fn within(body: &Bytes, event: &Event<'_>, ingest_time: IngestTime, receipt: Receipt) -> Self {
        Self::of(event, body.slice_ref(event.raw()), ingest_time, receipt)
    }

    fn of(event: &Event<'_>, raw: Bytes, ingest_time: IngestTime, receipt: Receipt) -> Self {
        Self {
            event_id: *event.id(),
            source: event.source().to_owned(),
            event_type: event.event_type().to_owned(),
            entity_id: event.entity_id().to_owned(),
            event_time: *event.event_time(),
            ingest_time,
            ingest_lag_ms: ingest_time.lag_ms(event.event_time()),
            raw_key: RawKey::new(event, ingest_time),
            payload_hash: *event.payload_hash(),
            receipt,
            raw,
        }
    }

    /// The record of this occurrence if it is the first: PENDING, with its raw object in `raw_bucket`.
    pub fn claim(&self, raw_bucket: impl Into<String>) -> Record {
        Record {
            event_id: self.event_id,
            source: self.source.clone(),
            event_type: self.event_type.clone(),
            entity_id: self.entity_id.clone(),
            event_time: self.event_time,
            ingest_time: self.ingest_time,
            ingest_lag_ms: self.ingest_lag_ms,
            finished_time: None,
            status: Status::Pending,
            raw_bucket: raw_bucket.into(),
            raw_key: self.raw_key.clone(),
            raw_size: self.raw.len() as u64,
            payload_hash: self.payload_hash,
            receipt: self.receipt.clone(),
            contract: CONTRACT,
        }
    }

    /// The record of this occurrence given that `first` was there before: its lag, the first's raw object.
    pub fn duplicate_of(&self, first: &Record) -> Record {
        Record {
            ingest_time: self.ingest_time,
            ingest_lag_ms: self.ingest_lag_ms,
            finished_time: None,
            status: Status::Duplicate,
            receipt: self.receipt.clone(),
            ..first.clone()
        }
    }

    /// Moves the arrival to a later time, for a store that must list it there: lag and key follow.
    pub fn restamp(&mut self, ingest_time: IngestTime) {
        self.ingest_time = ingest_time;
        self.ingest_lag_ms = ingest_time.lag_ms(&self.event_time);
        self.raw_key = RawKey::of(&self.source, &self.event_type, &self.event_time, ingest_time, &self.event_id);
    }

    /// What this occurrence is answered if it is the first.
    pub fn accepted(&self) -> Answer {
        Answer {
            event_id: self.event_id,
            status: Outcome::Accepted,
            ingest_lag_ms: self.ingest_lag_ms,
            raw_key: self.raw_key.clone(),
        }
    }

    /// What a real request would be answered, given what the store holds of the event: a dry run's answer.
    ///
    /// A PENDING claim counts as not there yet: a real request would finish it and be answered ACCEPTED, with the
    /// claim's key and lag.
    pub fn foretold(&self, found: Option<&Record>) -> Answer {
        match found {
            None => self.accepted(),
            Some(claim) if claim.status == Status::Pending => Answer::of(Outcome::Accepted, claim),
            Some(first) => Answer::of(Outcome::Duplicate, &self.duplicate_of(first)),
        }
    }
}
