//! One file for each thing a request can ask for.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use pik_core::{Investigate, Store};

use crate::body::discard;
use crate::refusal::Refusal;
use crate::{Api, Call, Endpoint, ErrorCode, Host, cors};

pub(crate) mod batch;
mod events;
mod health;
pub(crate) mod ingest;
mod openapi;
mod raw;

pub(crate) use batch::MAX_LISTED_PROBLEMS;

/// The handlers of an endpoint.
pub(crate) fn methods<S: Store + Investigate, H: Host>(endpoint: Endpoint) -> MethodRouter<Api<S, H>> {
    let methods = match endpoint {
        Endpoint::Ingest => post(ingest::post::<S, H>),
        Endpoint::IngestBatch => post(batch::post::<S, H>),
        Endpoint::Health => get(health::alive::<S, H>),
        Endpoint::Ready => get(health::ready::<S, H>),
        Endpoint::Events => get(events::list::<S, H>),
        Endpoint::Event => get(events::one::<S, H>),
        Endpoint::EventRaw => get(raw::get::<S, H>),
        Endpoint::Stats => get(events::stats::<S, H>),
        Endpoint::OpenApi => get(openapi::get::<S, H>),
        Endpoint::Unknown => MethodRouter::new(),
    };
    methods.fallback(method_not_allowed::<S, H>)
}

/// Takes a request apart.
pub(crate) fn open<S: Store, H: Host>(api: &Api<S, H>, request: Request) -> (Call, Parts, Body) {
    let (mut head, body) = request.into_parts();
    let call = match head.extensions.remove::<Call>() {
        Some(begun) => begun,
        None => Call::begin(api, &head.uri, &head.headers),
    };
    (call, head, body)
}

/// Refuses a request whose body was not read, or not to its end.
pub(crate) async fn refuse<S: Store, H: Host>(
    api: &Api<S, H>,
    call: Call,
    head: &Parts,
    body: &mut Body,
    refusal: &Refusal,
) -> Response {
    // Who waits to be told to go on has sent nothing yet, and need not.
    if !head.headers.contains_key(header::EXPECT) {
        discard(body).await;
    }
    call.refuse(api, refusal)
}

/// The answer to a path that is not served.
pub(crate) async fn not_found<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    let refusal = Refusal::error(
        ErrorCode::NotFound,
        "no such path; events go to /ingest or /ingest/batch and are found at /events, and /openapi.json lists the others",
    );
    refuse(&api, call, &head, &mut body, &refusal).await
}

/// The answer to a method that a path does not take; axum adds the `Allow` header.
async fn method_not_allowed<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    if call.origin().is_some() && cors::is_preflight(&head.method, &head.headers) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        cors::answer_preflight(response.headers_mut());
        return call.end(&api, response, &[]);
    }
    let refusal = Refusal::error(
        ErrorCode::MethodNotAllowed,
        "this path does not take this method; the Allow header has those it takes",
    );
    refuse(&api, call, &head, &mut body, &refusal).await
}
