//! Events that an edge forwards: it has checked them, and says which id it computed.

use axum::http::{HeaderMap, HeaderName};
use pik_core::EventId;

/// The header with the id that an edge computed of the event it forwards.
pub const X_PIK_EVENT_ID: HeaderName = HeaderName::from_static("x-pik-event-id");

/// What an edge says the event's id is, unless it says so of this one. For the log alone: the id that is computed here
/// counts.
pub(crate) fn other_id<'h>(headers: &'h HeaderMap, event_id: &EventId) -> Option<&'h str> {
    let said = headers.get(X_PIK_EVENT_ID)?.to_str().ok();
    let legible = said.filter(|said| said.len() <= 64 && said.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    match legible {
        Some(said) if said.parse().is_ok_and(|said: EventId| said == *event_id) => None,
        Some(said) => Some(said),
        None => Some("unreadable"),
    }
}
