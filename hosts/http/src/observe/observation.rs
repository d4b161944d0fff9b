//! What logs and metrics may know of a request. Payloads and paths into them are not in here.

use core::net::IpAddr;
use core::time::Duration;

use axum::http::{HeaderValue, Method};
use pik_core::{Code, Event, EventId, Outcome, Rejection, Submission};

use crate::{Endpoint, ErrorCode, TokenName, Traceparent};

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// As in `x-request-id` and in the receipts of the records.
    pub request_id: &'a str,
    /// How it was asked.
    pub method: &'a Method,
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The client's address, where the host knows it.
    pub client: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<&'a HeaderValue>,
    /// The trace that the request is a part of.
    pub traceparent: Option<&'a Traceparent>,
    /// The name of the token that let the request in, where it has one.
    pub token: Option<&'a TokenName>,
    /// The answer's HTTP status; 499 when the connection ended before there was an answer.
    pub http_status: u16,
    /// From the request's head to the answer.
    pub latency: Duration,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// What became of the events, in their order, or one for a request that was refused as a whole. Empty for a request
    /// without events that went well.
    pub observations: &'a [Observation],
}

/// What became of one event, of several that failed for one reason, or of a request that was refused as a whole.
#[derive(Debug, Clone)]
pub struct Observation {
    /// How many events this is about.
    pub count: usize,
    /// The event's place in its batch; the first one's of several.
    pub index: Option<usize>,
    /// The event, where it was understood and is one.
    pub subject: Option<Subject>,
    /// The id that an edge computed of it, where that is another one.
    pub edge_event_id: Option<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// The lag, of what was accepted or a duplicate.
    pub ingest_lag_ms: Option<i64>,
    /// The codes of REJECTED and ERROR, each once.
    pub codes: Vec<&'static str>,
    /// Why the store or the host failed. For the log alone: the client is not told.
    pub reason: Option<String>,
}

/// The parts of an event that logs may carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The event's id.
    pub event_id: EventId,
    /// The origin system.
    pub source: String,
    /// The logical event type.
    pub event_type: String,
    /// The user, device or account.
    pub entity_id: String,
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

impl Subject {
    pub(crate) fn of_submission(submission: &Submission) -> Self {
        Self {
            event_id: submission.event_id,
            source: submission.source.clone(),
            event_type: submission.event_type.clone(),
            entity_id: submission.entity_id.clone(),
        }
    }

    pub(crate) fn of_event(event: &Event<'_>) -> Self {
        Self {
            event_id: *event.id(),
            source: event.source().to_owned(),
            event_type: event.event_type().to_owned(),
            entity_id: event.entity_id().to_owned(),
        }
    }
}

impl Observation {
    fn of(verdict: Verdict) -> Self {
        Self {
            count: 1,
            index: None,
            subject: None,
            edge_event_id: None,
            verdict,
            ingest_lag_ms: None,
            codes: Vec::new(),
            reason: None,
        }
    }

    pub(crate) fn ingested(subject: Subject, outcome: Outcome, ingest_lag_ms: i64) -> Self {
        Self { subject: Some(subject), ingest_lag_ms: Some(ingest_lag_ms), ..Self::of(outcome.into()) }
    }

    pub(crate) fn rejected(rejection: &Rejection) -> Self {
        let mut observation = Self::of(Verdict::Rejected);
        for code in rejection.problems().iter().map(|problem| Code::as_str(problem.code)) {
            if !observation.codes.contains(&code) {
                observation.codes.push(code);
            }
        }
        observation
    }

    pub(crate) fn error(code: ErrorCode, reason: Option<String>) -> Self {
        Self { codes: vec![code.as_str()], reason, ..Self::of(Verdict::Error) }
    }

    pub(crate) fn abandoned(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::of(Verdict::Error) }
    }

    /// Of an event that another server answered.
    pub(crate) fn relayed(
        subject: Subject,
        verdict: Verdict,
        ingest_lag_ms: Option<i64>,
        codes: Vec<&'static str>,
    ) -> Self {
        Self { subject: Some(subject), ingest_lag_ms, codes, ..Self::of(verdict) }
    }

    pub(crate) fn of_event(self, subject: Subject) -> Self {
        Self { subject: Some(subject), ..self }
    }

    pub(crate) fn of_edge(self, edge_event_id: Option<&str>) -> Self {
        Self { edge_event_id: edge_event_id.map(str::to_owned), ..self }
    }

    pub(crate) fn at(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// Takes one more event in that failed for the same reason.
    pub(crate) fn add_same(&mut self) {
        self.count += 1;
        self.subject = None;
    }
}
