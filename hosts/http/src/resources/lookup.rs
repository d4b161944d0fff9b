//! `POST /events/lookup`: which of these events there are.

use std::fmt::Display;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use pik_core::{EventId, Status, Store};
use serde::Deserialize;

use super::events::found;
use super::intake::no_room;
use crate::limits::{MAX_LOOKUP_BYTES, MAX_LOOKUP_IDS};
use crate::request::body::{BodyError, read};
use crate::response::answer::{LookedUp, Lookup};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, ErrorCode, Host};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    event_ids: Vec<String>,
}

/// The records of these events.
pub(super) async fn post<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    let body = body_of(service, head, body).await?;
    let ids = ids(&body)?;
    let records = service.store().find_many(&ids).await?;
    let results = ids.iter().zip(&records).map(|(event_id, record)| {
        // No client was ever told that a PENDING event is safe.
        LookedUp { event_id, event: record.as_ref().filter(|record| record.status == Status::Accepted) }
    });
    Ok(found(&Lookup { results: results.collect() }))
}

/// The bytes of a request, for whoever answers it.
pub(crate) async fn body_of<S, H: Host>(
    service: &Service<S, H>,
    head: &Parts,
    body: &mut Body,
) -> Result<Bytes, Refusal> {
    if head.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::invalid_parameter("a lookup is not compressed; send it plain"));
    }
    let mut share = service.budget().share();
    read(body, MAX_LOOKUP_BYTES, &mut share).await.map_err(|error| match error {
        BodyError::TooLarge => Refusal::invalid_parameter(format!(
            "a lookup has at most {MAX_LOOKUP_IDS} ids in {MAX_LOOKUP_BYTES} bytes; ask for them in several requests"
        ))
        .with_status(StatusCode::PAYLOAD_TOO_LARGE),
        BodyError::NoRoom => no_room(),
        BodyError::Malformed => Refusal::invalid_parameter(
            "the body is not framed as its Transfer-Encoding says; mend the client or proxy that wrote its chunks",
        ),
        BodyError::Broken(reason) => {
            Refusal::error(ErrorCode::Timeout, "the body did not arrive whole and in time; send it again")
                .with_reason(Some(reason))
        }
    })
}

fn ids(body: &[u8]) -> Result<Vec<EventId>, Refusal> {
    let refused = |what: &dyn Display| {
        Refusal::invalid_parameter(format!("the body is not `{{\"event_ids\":[\"…\"]}}`, the ids as texts: {what}"))
    };
    // The library takes an array of its members for an object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(refused(&"it is no object"));
    }
    let Asked { event_ids } = serde_json::from_slice(body).map_err(|error| refused(&error))?;
    if event_ids.len() > MAX_LOOKUP_IDS {
        let count = event_ids.len();
        return Err(Refusal::invalid_parameter(format!(
            "there are {count} ids; ask for at most {MAX_LOOKUP_IDS} in one request"
        )));
    }
    let id = |(place, text): (usize, &String)| {
        text.parse().map_err(|error| Refusal::invalid_parameter(format!("event_ids[{place}]: {error}")))
    };
    event_ids.iter().enumerate().map(id).collect()
}
