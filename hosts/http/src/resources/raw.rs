//! `GET /events/{event_id}/raw`: an event as it was received.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use pik_core::{EventId, Status, Store};

use super::events::no_such_event;
use crate::request::question;
use crate::response::json::JSON;
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// An id has one raw object for ever. Private, because payloads are for the client that asked and not for shared caches.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// The bytes of an event.
pub(super) async fn get<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
) -> Result<Reply, Refusal> {
    let event_id = question::event_id(head.uri.path()).map_err(Refusal::invalid_parameter)?;
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    if has_it_already(&head.headers, &event_id) {
        let event = service.store().find(&event_id).await?;
        if event.is_some_and(|event| event.status == Status::Accepted) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            mark(response.headers_mut(), &event_id);
            return Ok(response.into());
        }
    }
    let raw = service.store().raw(&event_id).await?.ok_or_else(no_such_event)?;
    let mut response = Response::new(Body::from(raw.into_bytes()));
    mark(response.headers_mut(), &event_id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    // No browser may take it for a page, whatever is in it.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response.into())
}

fn mark(headers: &mut HeaderMap, event_id: &EventId) {
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    let tag = HeaderValue::try_from(entity_tag(event_id)).expect("an id is hexadecimal");
    headers.insert(header::ETAG, tag);
}

fn entity_tag(event_id: &EventId) -> String {
    format!("\"{event_id}\"")
}

/// Whether `If-None-Match` has the tag (RFC 9110, section 13.1.2), by weak comparison.
fn has_it_already(headers: &HeaderMap, event_id: &EventId) -> bool {
    let tag = entity_tag(event_id);
    let mut listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed.any(|value| {
        value.split(',').map(str::trim).any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
    })
}
