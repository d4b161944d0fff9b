//! One file for each thing a request can ask for, and what they share.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use pik_core::{Code, Rejection, Store};

use crate::body::{BodyError, discard};
use crate::refusal::Refusal;
use crate::tokens::Denied;
use crate::{Api, Call, Endpoint, ErrorCode, Host, cors};

mod health;
mod ingest;

/// The handlers of an endpoint.
pub(crate) fn methods<S: Store, H: Host>(endpoint: Endpoint) -> MethodRouter<Api<S, H>> {
    let methods = match endpoint {
        Endpoint::Ingest | Endpoint::IngestBatch => post(ingest::post::<S, H>),
        Endpoint::Health => get(health::alive::<S, H>),
        Endpoint::Ready => get(health::ready::<S, H>),
        Endpoint::OpenApi | Endpoint::Unknown => MethodRouter::new(),
    };
    methods.fallback(method_not_allowed::<S, H>)
}

/// Takes a request apart.
fn open<S: Store, H: Host>(api: &Api<S, H>, request: Request) -> (Call, Parts, Body) {
    let (mut head, body) = request.into_parts();
    let call = match head.extensions.remove::<Call>() {
        Some(begun) => begun,
        None => Call::begin(api, &head.uri, &head.headers),
    };
    (call, head, body)
}

/// Refuses a request whose body was not read, or not to its end.
async fn refuse<S: Store, H: Host>(
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

fn admit<S: Store, H: Host>(api: &Api<S, H>, head: &Parts) -> Result<(), Refusal> {
    api.tokens().admit(&head.headers).map_err(|denied| {
        let (message, challenge) = match denied {
            Denied::Missing => (
                "no bearer token; send one as `Authorization: Bearer …`",
                HeaderValue::from_static("Bearer realm=\"pik\""),
            ),
            Denied::Wrong => (
                "the bearer token is not known here; check it",
                HeaderValue::from_static("Bearer realm=\"pik\", error=\"invalid_token\""),
            ),
        };
        Refusal::error(ErrorCode::Unauthorized, message).with_header(header::WWW_AUTHENTICATE, challenge)
    })
}

fn invalid_parameter(message: &'static str) -> Refusal {
    Refusal::error(ErrorCode::InvalidParameter, message)
}

fn unreadable(error: BodyError, too_large: impl FnOnce() -> Rejection) -> Refusal {
    match error {
        BodyError::TooLarge => too_large().into(),
        BodyError::Broken(reason) => Refusal::Error {
            code: ErrorCode::Timeout,
            message: "the body did not arrive whole and in time; send it again",
            reason: Some(reason),
            header: None,
        },
    }
}

/// The answer to a path that is not served.
pub(crate) async fn not_found<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    let refusal = Refusal::error(
        ErrorCode::NotFound,
        "no such path; events go to /ingest or /ingest/batch, and /openapi.json lists the others",
    );
    refuse(&api, call, &head, &mut body, &refusal).await
}

async fn method_not_allowed<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    if head.method == Method::OPTIONS && call.origin().is_some() && cors::is_preflight(&head.method, &head.headers) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        cors::mark_preflight(response.headers_mut());
        return call.end(&api, response, &[]);
    }
    let refusal = Refusal::error(
        ErrorCode::MethodNotAllowed,
        "this path does not take this method; the Allow header has those it takes",
    );
    refuse(&api, call, &head, &mut body, &refusal).await
}

fn unsupported_media_type(message: &'static str) -> Refusal {
    Refusal::rejected(Code::UnsupportedMediaType, message)
}
