//! `GET /healthz` and `GET /readyz`. Open to all: load balancers ask, and learn no names of files or services.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use pik_core::Store;

use crate::response::answer::WELL;
use crate::response::json::{json, json_response};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// The process answers.
pub(super) fn alive(call: &Call) -> Result<Reply, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    Ok(well().into())
}

/// The store takes events, as far as it knows.
pub(super) async fn ready<S: Store, H: Host>(service: &Service<S, H>, call: &Call) -> Result<Reply, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    service.store().ready().await?;
    Ok(well().into())
}

fn well() -> Response {
    let mut response = json_response(StatusCode::OK, json(&WELL));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
