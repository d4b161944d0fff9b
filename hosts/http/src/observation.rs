//! What logs and metrics may know of a request. Payloads and paths into them are not in here.

use core::time::Duration;

use pik_core::{Code, Event, EventId, Outcome, Rejection, StoreError};

use crate::{Endpoint, ErrorCode};

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// As in `x-request-id` and in the receipts of the records.
    pub request_id: &'a str,
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The answer's HTTP status.
    pub http_status: u16,
    /// From the request's head to the answer.
    pub latency: Duration,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// One for each event, in order; a single one for a request that was refused as a whole; none where no events
    /// were asked about and nothing went wrong.
    pub observations: &'a [Observation<'a>],
}

/// What became of one event, or of a request that was refused as a whole.
#[derive(Debug)]
pub struct Observation<'a> {
    /// The event's place in its batch.
    pub index: Option<usize>,
    /// The event, where it was understood.
    pub subject: Option<Subject<'a>>,
    /// The id that an edge computed of it, where that is another one.
    pub edge_event_id: Option<&'a str>,
    /// What it came to.
    pub verdict: Verdict,
    /// The lag, of what was accepted or a duplicate.
    pub ingest_lag_ms: Option<i64>,
    /// The codes of REJECTED and ERROR, each once.
    pub codes: Vec<&'static str>,
    /// Why the store or the host failed. For the log alone: the client is not told.
    pub reason: Option<&'a str>,
}

/// The parts of an event that logs may carry.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The event's id.
    pub event_id: &'a EventId,
    /// The origin system.
    pub source: &'a str,
    /// The logical event type.
    pub event_type: &'a str,
    /// The user, device or account.
    pub entity_id: &'a str,
}

/// The four outcomes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The first occurrence.
    Accepted,
    /// Seen before.
    Duplicate,
    /// The event breaks the contract.
    Rejected,
    /// Not the event's fault.
    Error,
}

impl Verdict {
    /// The outcome as it stands in answers and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Duplicate => "DUPLICATE",
            Self::Rejected => "REJECTED",
            Self::Error => "ERROR",
        }
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Duplicate => Self::Duplicate,
        }
    }
}

impl<'a> Subject<'a> {
    pub(crate) fn of(event: &'a Event<'_>) -> Self {
        Self {
            event_id: event.id(),
            source: event.source(),
            event_type: event.event_type(),
            entity_id: event.entity_id(),
        }
    }
}

impl<'a> Observation<'a> {
    pub(crate) fn ingested(event: &'a Event<'_>, outcome: Outcome, ingest_lag_ms: i64) -> Self {
        Self {
            index: None,
            subject: Some(Subject::of(event)),
            edge_event_id: None,
            verdict: outcome.into(),
            ingest_lag_ms: Some(ingest_lag_ms),
            codes: Vec::new(),
            reason: None,
        }
    }

    pub(crate) fn rejected(rejection: &Rejection) -> Self {
        let mut codes: Vec<&'static str> = Vec::new();
        for code in rejection.problems().iter().map(|problem| Code::as_str(problem.code)) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        Self {
            index: None,
            subject: None,
            edge_event_id: None,
            verdict: Verdict::Rejected,
            ingest_lag_ms: None,
            codes,
            reason: None,
        }
    }

    pub(crate) fn error(code: ErrorCode, reason: Option<&'a str>) -> Self {
        Self {
            index: None,
            subject: None,
            edge_event_id: None,
            verdict: Verdict::Error,
            ingest_lag_ms: None,
            codes: vec![code.as_str()],
            reason,
        }
    }

    pub(crate) fn failed(event: &'a Event<'_>, error: &'a StoreError) -> Self {
        Self { subject: Some(Subject::of(event)), ..Self::error(error.into(), Some(error.reason())) }
    }

    pub(crate) fn of_edge(self, edge_event_id: Option<&'a str>) -> Self {
        Self { edge_event_id, ..self }
    }

    pub(crate) fn at(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }
}
