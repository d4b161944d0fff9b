//! What an edge does with a request that somebody else ingests: the checks of the Router, without its store.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use pik_core::{Event, EventId, Outcome, Store};
use serde::Deserialize;

use crate::intake::{admit, receive};
use crate::refusal::Refusal;
use crate::resources::{batch, ingest, open, refuse};
use crate::{Api, Call, Endpoint, ErrorCode, Host, Observation, Subject, Verdict};

/// A request that may go on, as it was received.
#[derive(Debug)]
pub struct Screened {
    /// The request, to be answered with [`Api::relay`].
    pub call: Call,
    /// Its head.
    pub head: Parts,
    /// Its body, compressed still if it came compressed.
    pub body: Bytes,
    /// The event in it, where there is one.
    pub event: Option<Foretold>,
}

/// What is known of an event before it is ingested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foretold {
    /// Its id.
    pub event_id: EventId,
    source: String,
    event_type: String,
    entity_id: String,
}

impl Foretold {
    fn of(event: &Event<'_>) -> Self {
        Self {
            event_id: *event.id(),
            source: event.source().to_owned(),
            event_type: event.event_type().to_owned(),
            entity_id: event.entity_id().to_owned(),
        }
    }
}

/// As much of an answer to one event as logs and metrics need.
#[derive(Deserialize)]
struct Answered {
    status: String,
    ingest_lag_ms: Option<i64>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    code: String,
}

impl<S: Store, H: Host> Api<S, H> {
    /// Checks a request in the Router's order: token, parameters, content type, size, then the event; of a batch, that it
    /// can be cut into events. What does not pass has its answer, observed like any other.
    pub async fn screen(&self, request: Request) -> Result<Screened, Response> {
        let (call, head, mut body) = open(self, request);
        if !call.endpoint().takes_events() {
            return match self.admit_to(&call, &head) {
                Ok(()) => Ok(Screened { call, head, body: Bytes::new(), event: None }),
                Err(refusal) => Err(call.refuse(self, &refusal)),
            };
        }
        let is_batch = call.endpoint() == Endpoint::IngestBatch;
        let terms = if is_batch { batch::terms(self.config()) } else { ingest::terms(self.config()) };
        let received = match receive(self, &head, &mut body, &terms).await {
            Ok(received) => received,
            Err(refusal) => return Err(refuse(self, call, &head, &mut body, &refusal).await),
        };
        let body = received.bytes.clone();
        let event = received.inflated(&terms).and_then(|intake| {
            if is_batch {
                batch::split(&intake, self.config().max_batch_events)?;
                return Ok(None);
            }
            Ok(Some(Foretold::of(&Event::parse_at_most(&intake.bytes, terms.limit)?)))
        });
        match event {
            Ok(event) => Ok(Screened { call, head, body, event }),
            Err(refusal) => Err(call.refuse(self, &refusal)),
        }
    }

    /// Whoever asks whether all is well needs no token.
    fn admit_to(&self, call: &Call, head: &Parts) -> Result<(), Refusal> {
        if call.endpoint() == Endpoint::Ready { Ok(()) } else { admit(self, head) }
    }

    /// Completes somebody else's answer and has the host take note of it. `body` is what it says.
    pub fn relay(&self, call: Call, event: Option<&Foretold>, response: Response, body: &[u8]) -> Response {
        let Some(event) = event else { return call.end(self, response, &[]) };
        let answered: Option<Answered> = serde_json::from_slice(body).ok();
        let observation = observation(event, answered.as_ref());
        call.end(self, response, &[observation])
    }
}

fn observation<'a>(event: &'a Foretold, answered: Option<&Answered>) -> Observation<'a> {
    let outcome = |answered: &Answered| {
        [Outcome::Accepted, Outcome::Duplicate].into_iter().find(|outcome| outcome.as_str() == answered.status)
    };
    let verdict = match answered {
        Some(answered) => match outcome(answered) {
            Some(outcome) => outcome.into(),
            None if answered.status == Verdict::Rejected.as_str() => Verdict::Rejected,
            None => Verdict::Error,
        },
        None => Verdict::Error,
    };
    let codes = ErrorCode::ALL.into_iter().map(ErrorCode::as_str);
    let faults = answered.map(|answered| &*answered.errors).unwrap_or_default();
    Observation {
        index: None,
        subject: Some(Subject {
            event_id: &event.event_id,
            source: &event.source,
            event_type: &event.event_type,
            entity_id: &event.entity_id,
        }),
        edge_event_id: None,
        verdict,
        ingest_lag_ms: answered.and_then(|answered| answered.ingest_lag_ms),
        codes: codes.filter(|code| faults.iter().any(|fault| fault.code == *code)).collect(),
        reason: None,
    }
}
