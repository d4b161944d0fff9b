//! The body of a request for several events: `{"event_ids":["…"]}`.

use std::fmt::Display;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use pik_core::EventId;
use serde::Deserialize;

use super::intake::no_room;
use crate::limits::MAX_IDS_BYTES;
use crate::request::body::{BodyError, read};
use crate::response::Refusal;
use crate::service::Service;
use crate::{Call, ErrorCode, Host};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    event_ids: Vec<String>,
}

/// The ids that a request asks for, at most `most`.
pub(super) async fn asked<S, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
    most: usize,
) -> Result<Vec<EventId>, Refusal> {
    call.parameters().check_none().map_err(Refusal::invalid_parameter)?;
    listed(&read_body(service, head, body).await?, most)
}

/// The bytes of a request, for whoever answers it.
pub(crate) async fn read_body<S, H: Host>(
    service: &Service<S, H>,
    head: &Parts,
    body: &mut Body,
) -> Result<Bytes, Refusal> {
    if head.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::invalid_parameter("a list of ids is not compressed; send it plain"));
    }
    let mut share = service.budget().share();
    read(body, MAX_IDS_BYTES, &mut share).await.map_err(|error| match error {
        BodyError::TooLarge => Refusal::invalid_parameter(format!(
            "a list of ids has at most {MAX_IDS_BYTES} bytes; ask for them in several requests"
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

fn listed(body: &[u8], most: usize) -> Result<Vec<EventId>, Refusal> {
    let refused = |what: &dyn Display| {
        Refusal::invalid_parameter(format!("the body is not `{{\"event_ids\":[\"…\"]}}`, the ids as texts: {what}"))
    };
    // The library takes an array of its members for an object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(refused(&"it is no object"));
    }
    let Asked { event_ids } = serde_json::from_slice(body).map_err(|error| refused(&error))?;
    if event_ids.len() > most {
        let count = event_ids.len();
        return Err(Refusal::invalid_parameter(format!(
            "there are {count} ids; ask for at most {most} in one request"
        )));
    }
    let id = |(place, text): (usize, &String)| {
        text.parse().map_err(|error| Refusal::invalid_parameter(format!("event_ids[{place}]: {error}")))
    };
    event_ids.iter().enumerate().map(id).collect()
}
