//! `GET /openapi.json`: the description of the service.

use axum::body::Body;
use axum::http::header;
use axum::response::Response;

use crate::response::json::JSON;
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// Describes the service. Open to all: it says nothing that its source does not.
pub(super) fn get<S, H: Host>(service: &Service<S, H>, call: &Call) -> Result<Reply, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    let mut response = Response::new(Body::from(service.openapi()));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    Ok(response.into())
}
