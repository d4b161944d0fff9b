//! `POST /events/raw`: these events as they were received.

use axum::body::Body;
use axum::http::request::Parts;
use futures_util::stream::{FuturesOrdered, TryStreamExt};
use pik_core::{RawObject, Store};

use super::events::found;
use super::ids;
use crate::limits::{ENOUGH_RAW_BYTES, MAX_RAW_IDS};
use crate::response::answer::{RawObjects, RawOf};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// How many raw objects are asked for at once.
const SIDE_BY_SIDE: usize = 16;

/// The bytes of the first of these events, as many as an answer takes.
pub(super) async fn post<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    let body = ids::read_body(service, head, body).await?;
    let ids = ids::listed(&body, MAX_RAW_IDS)?;
    let (mut waiting, mut asked) = (ids.iter(), FuturesOrdered::new());
    for id in waiting.by_ref().take(SIDE_BY_SIDE) {
        asked.push_back(service.store().raw(id));
    }
    let (mut objects, mut bytes) = (Vec::with_capacity(ids.len()), 0);
    while bytes < ENOUGH_RAW_BYTES
        && let Some(object) = asked.try_next().await?
    {
        if let Some(id) = waiting.next() {
            asked.push_back(service.store().raw(id));
        }
        let object = object.map(RawObject::into_bytes);
        bytes += object.as_ref().map_or(0, |raw| raw.len());
        objects.push(object);
    }
    let results = ids.iter().zip(&objects).map(|(event_id, object)| {
        let text = object.as_ref().map(|raw| str::from_utf8(raw));
        RawOf { event_id, not_text: matches!(text, Some(Err(_))), raw: text.and_then(Result::ok) }
    });
    Ok(found(&RawObjects { results: results.collect() }))
}
