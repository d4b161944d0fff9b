//! `GET /healthz` and `GET /readyz`. Open to all: whoever asks is a load balancer, and learns nothing.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use pik_core::Store;

use super::open;
use crate::answer::{WELL, json};
use crate::intake::invalid_parameter;
use crate::refusal::{Refusal, json_response};
use crate::{Api, Host, parameters};

/// The process answers.
pub(super) async fn alive<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, _) = open(&api, request);
    match parameters::check_none(head.uri.query()) {
        Ok(()) => call.end(&api, well(), &[]),
        Err(message) => call.refuse(&api, &invalid_parameter(message)),
    }
}

/// The store answers.
pub(super) async fn ready<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, _) = open(&api, request);
    if let Err(message) = parameters::check_none(head.uri.query()) {
        return call.refuse(&api, &invalid_parameter(message));
    }
    match api.store().ready().await {
        Ok(()) => call.end(&api, well(), &[]),
        Err(error) => call.refuse(&api, &Refusal::from(error)),
    }
}

fn well() -> Response {
    let mut response = json_response(StatusCode::OK, json(&WELL));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
