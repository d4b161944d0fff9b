//! `GET /rejections` and `GET /rejections/stats`: what was refused, and how much.

use axum::http::{HeaderValue, header};
use pik_core::Investigate;

use super::events::found;
use super::intake;
use crate::request::rejection_question::{self, Asked};
use crate::response::answer::{RejectionHours, RejectionsFound};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// Records of refused events, newest first.
pub(super) async fn list<S: Investigate, H: Host>(service: &Service<S, H>, call: &Call) -> Result<Reply, Refusal> {
    let asked = Asked::read(call.parameters()).map_err(Refusal::invalid_parameter)?;
    service.see_evidence_written().await;
    let query = asked.query(intake::host_time(service)?, service.config().rejections);
    let page = service.store().rejections(&query, asked.after, asked.limit).await?;
    let next_cursor = page.next.map(|place| asked.cursor(place));
    let mut reply = found(&RejectionsFound { rejections: &page.records, next_cursor });
    // What clients sent stays a text within JSON, whatever it looks like.
    reply.response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(reply)
}

/// Counts of refused events by hour and code.
pub(super) async fn stats<S: Investigate, H: Host>(service: &Service<S, H>, call: &Call) -> Result<Reply, Refusal> {
    let now = intake::host_time(service)?;
    let query = rejection_question::of_hours(call.parameters(), now).map_err(Refusal::invalid_parameter)?;
    service.see_evidence_written().await;
    let hours = service.store().rejected_hours(&query).await?;
    Ok(found(&RejectionHours { hours: &hours }))
}
