//! `GET /metrics`: the host's counters, as Prometheus reads them.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, ErrorCode, Host};

/// Prometheus's text format.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");

/// The counters.
pub(super) fn get<S, H: Host>(service: &Service<S, H>, call: &Call) -> Result<Reply, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    let text =
        service.host().metrics(service.load()).map_err(|reason| Refusal::service(ErrorCode::Internal, reason))?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, TEXT);
    Ok(response.into())
}
