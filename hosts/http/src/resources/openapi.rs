//! `GET /openapi.json`: the description of the service.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use pik_core::Store;

use super::open;
use crate::intake::invalid_parameter;
use crate::refusal::JSON;
use crate::{Api, Host, parameters};

/// Describes the service. Open to all: it says nothing that its source does not.
pub(super) async fn get<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, _) = open(&api, request);
    if let Err(message) = parameters::check_none(head.uri.query()) {
        return call.refuse(&api, &invalid_parameter(message));
    }
    let mut response = Response::new(Body::from(api.openapi()));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    call.end(&api, response, &[])
}
