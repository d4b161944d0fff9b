//! What an edge does with a request that another server ingests: the checks of the Router, without its store.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use pik_core::{Event, Outcome, Store};
use serde::Deserialize;

use crate::resources::ids::read_body;
use crate::resources::intake::{admit, receive};
use crate::resources::{BATCH, EVENT, pieces};
use crate::response::{Refusal, Reply};
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
    pub event: Option<Subject>,
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
        let call = self.begin(&request);
        let (head, mut body) = request.into_parts();
        match self.check(&call, &head, &mut body).await {
            Ok((body, event)) => Ok(Screened { call, head, body, event }),
            Err(refusal) => {
                call.count_refused(self.service(), refusal.uncounted());
                self.read_on(&call, &head, &mut body).await;
                Err(call.end(self.service(), refusal.reply(call.dry_run())))
            }
        }
    }

    async fn check(&self, call: &Call, head: &Parts, body: &mut Body) -> Result<(Bytes, Option<Subject>), Refusal> {
        admit(call)?;
        if call.endpoint().takes_ids() {
            return Ok((read_body(self.service(), head, body).await?, None));
        }
        if !call.endpoint().takes_events() {
            return Ok((Bytes::new(), None));
        }
        let is_batch = call.endpoint() == Endpoint::IngestBatch;
        let terms = if is_batch { BATCH } else { EVENT };
        let received = receive(self.service(), call, head, body, &terms).await?;
        let bytes = received.bytes.clone();
        let limit = terms.limit(self.config());
        let max_events = self.config().max_batch_events;
        let event = received.work(self.host(), move |intake| {
            if is_batch {
                pieces(intake.media_type, &intake.bytes, max_events).map_err(|rejection| intake.refuse(rejection))?;
                return Ok(None);
            }
            let event = Event::parse_at_most(&intake.bytes, limit).map_err(|rejection| intake.refuse(rejection))?;
            Ok(Some(Subject::of_event(&event)))
        });
        Ok((bytes, event.await?))
    }

    /// Completes another server's answer and has the host take note of it. `body` is what it says.
    pub fn relay(&self, call: &Call, event: Option<Subject>, response: Response, body: &[u8]) -> Response {
        let Some(event) = event else { return call.end(self.service(), response.into()) };
        let answered: Option<Answered> = serde_json::from_slice(body).ok();
        let observations = vec![observation(event, answered.as_ref())];
        call.end(self.service(), Reply { response, observations })
    }
}

fn observation(event: Subject, answered: Option<&Answered>) -> Observation {
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
    let codes = codes.filter(|code| faults.iter().any(|fault| fault.code == *code)).collect();
    Observation::relayed(event, verdict, answered.and_then(|answered| answered.ingest_lag_ms), codes)
}
