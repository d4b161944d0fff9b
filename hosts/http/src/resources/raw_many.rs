//! `POST /events/raw`: these events as they were received.

use axum::body::Body;
use axum::http::request::Parts;
use pik_core::{RawObject, Store};

use super::events::found;
use super::ids;
use crate::limits::{ENOUGH_RAW_BYTES, MAX_RAW_IDS};
use crate::response::answer::{RawObjects, RawOf};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// How many raw objects are asked for at once, and are in memory together.
const SIDE_BY_SIDE: usize = 16;

/// The bytes of the first of these events, as many as an answer takes.
pub(super) async fn post<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    let ids = ids::asked(service, call, head, body, MAX_RAW_IDS).await?;
    let (mut objects, mut bytes) = (Vec::with_capacity(ids.len()), 0);
    for ids in ids.chunks(SIDE_BY_SIDE) {
        for object in service.store().raw_many(ids).await? {
            if bytes < ENOUGH_RAW_BYTES {
                let object = object.map(RawObject::into_bytes);
                bytes += object.as_ref().map_or(0, |raw| raw.len());
                objects.push(object);
            }
        }
        if bytes >= ENOUGH_RAW_BYTES {
            break;
        }
    }
    let results = ids.iter().zip(&objects).map(|(event_id, object)| {
        let text = object.as_ref().map(|raw| str::from_utf8(raw));
        RawOf { event_id, not_text: matches!(text, Some(Err(_))), raw: text.and_then(Result::ok) }
    });
    Ok(found(&RawObjects { results: results.collect() }))
}
