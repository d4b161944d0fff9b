//! One file for each thing a request can ask for.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use pik_core::{Investigate, Store};

use crate::limits::MAX_IDS_BYTES;
use crate::request::cors;
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Config, Endpoint, ErrorCode, Host};

mod batch;
mod events;
mod health;
pub(crate) mod ids;
mod ingest;
pub(crate) mod intake;
mod lookup;
mod metrics;
mod openapi;
mod raw;
mod raw_many;
mod rejections;
mod stats;
mod streams;
mod unknown;

pub(crate) use batch::TERMS as BATCH;
pub(crate) use batch::pieces;
pub(crate) use ingest::TERMS as EVENT;

/// Answers a request: path and method first, then the token, then what the endpoint looks at.
pub(crate) async fn reply<S: Store + Investigate, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    let endpoint = call.endpoint();
    if endpoint != Endpoint::Unknown && !endpoint.takes(&head.method) {
        return other_method(call, head);
    }
    intake::admit(call)?;
    match endpoint {
        Endpoint::Ingest => ingest::post(service, call, head, body).await,
        Endpoint::IngestBatch => batch::post(service, call, head, body).await,
        Endpoint::Health => health::alive(call),
        Endpoint::Ready => health::ready(service, call).await,
        Endpoint::Events => events::list(service, call).await,
        Endpoint::EventsLookup => lookup::post(service, call, head, body).await,
        Endpoint::EventsRaw => raw_many::post(service, call, head, body).await,
        Endpoint::Event => events::one(service, call, head).await,
        Endpoint::EventRaw => raw::get(service, call, head).await,
        Endpoint::Stats => stats::get(service, call).await,
        Endpoint::Streams => streams::list(service, call).await,
        Endpoint::Rejections => rejections::list(service, call).await,
        Endpoint::RejectionStats => rejections::stats(service, call).await,
        Endpoint::Metrics => metrics::get(service, call),
        Endpoint::OpenApi => openapi::get(service, call),
        Endpoint::Unknown => Err(Refusal::error(
            ErrorCode::NotFound,
            "no such path; events go to /ingest or /ingest/batch and are found at /events, and /openapi.json lists \
             the others",
        )),
    }
}

/// The most bytes of a body that an endpoint takes.
pub(crate) fn body_limit(config: &Config, endpoint: Endpoint) -> usize {
    match endpoint {
        Endpoint::Ingest => EVENT.limit(config),
        Endpoint::IngestBatch => BATCH.limit(config),
        Endpoint::EventsLookup | Endpoint::EventsRaw => MAX_IDS_BYTES,
        Endpoint::Health
        | Endpoint::Ready
        | Endpoint::Events
        | Endpoint::Event
        | Endpoint::EventRaw
        | Endpoint::Stats
        | Endpoint::Streams
        | Endpoint::Rejections
        | Endpoint::RejectionStats
        | Endpoint::Metrics
        | Endpoint::OpenApi
        | Endpoint::Unknown => 0,
    }
}

/// The answer to a method that a path does not take.
fn other_method(call: &Call, head: &Parts) -> Result<Reply, Refusal> {
    let allow = HeaderValue::from_static(call.endpoint().allow());
    if call.origin().is_some() && cors::is_preflight(&head.method, &head.headers) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(header::ALLOW, allow);
        cors::answer_preflight(response.headers_mut());
        return Ok(response.into());
    }
    let refusal = Refusal::error(
        ErrorCode::MethodNotAllowed,
        "this path does not take this method; the Allow header has those it takes",
    );
    Err(refusal.with_header(header::ALLOW, allow))
}
