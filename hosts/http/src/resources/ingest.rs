//! `POST /ingest`: one event.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use pik_core::{Answer, Event, IngestTime, Rejection, Store, StoreError, Submission};

use super::{admit, invalid_parameter, open, refuse, unreadable, unsupported_media_type};
use crate::answer::{Failed, Ingested, json};
use crate::body::read;
use crate::media::{MediaType, media_type};
use crate::refusal::{Refusal, json_response};
use crate::{Api, Call, ErrorCode, Host, Observation, parameters};

/// Ingests one event.
pub(super) async fn post<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    let (bytes, ingest_time) = match receive(&api, &head, &mut body).await {
        Ok(received) => received,
        Err(refusal) => return refuse(&api, call, &head, &mut body, &refusal).await,
    };
    let event = match Event::parse_at_most(&bytes, api.config().max_event_bytes) {
        Ok(event) => event,
        Err(rejection) => return call.refuse(&api, &rejection.into()),
    };
    let submission = Submission::new(&event, ingest_time, call.receipt(api.host().nonce(), 0));
    let result = if call.dry_run() { foretell(&api, &submission).await } else { api.store().ingest(submission).await };
    answer(&api, call, &event, &result)
}

/// Everything before the event itself, in the contract's order.
async fn receive<S: Store, H: Host>(
    api: &Api<S, H>,
    head: &Parts,
    body: &mut Body,
) -> Result<(Bytes, IngestTime), Refusal> {
    admit(api, head)?;
    parameters::check_dry_run(head.uri.query()).map_err(invalid_parameter)?;
    if media_type(&head.headers) != Some(MediaType::Json) {
        return Err(unsupported_media_type(
            "an event is `application/json` in UTF-8; say so in Content-Type (batches go to /ingest/batch)",
        ));
    }
    let limit = api.config().max_event_bytes;
    let bytes = read(body, limit).await.map_err(|error| unreadable(error, || Rejection::too_large(limit)))?;
    let now = IngestTime::from_unix_ms(api.host().now_ms()).ok_or_else(|| Refusal::Error {
        code: ErrorCode::Internal,
        message: ErrorCode::Internal.store_message(),
        reason: Some("the host's clock is outside the years 1 to 9999; set it".to_owned()),
        header: None,
    })?;
    Ok((bytes, now))
}

async fn foretell<S: Store, H: Host>(api: &Api<S, H>, submission: &Submission) -> Result<Answer, StoreError> {
    let found = api.store().find(&submission.record.event_id).await?;
    Ok(Answer::foretold(submission, found.as_ref()))
}

fn answer<S: Store, H: Host>(
    api: &Api<S, H>,
    call: Call,
    event: &Event<'_>,
    result: &Result<Answer, StoreError>,
) -> Response {
    match result {
        Ok(answer) => {
            let body = json(&Ingested::of(answer, None, call.dry_run()));
            let observation = Observation::ingested(event, answer.status, answer.ingest_lag_ms);
            call.end(api, json_response(StatusCode::OK, body), &[observation])
        }
        Err(error) => {
            let code = ErrorCode::from(error);
            let body = json(&Failed::of(code, code.store_message(), None, call.dry_run()));
            call.end(api, json_response(code.http_status(), body), &[Observation::failed(event, error)])
        }
    }
}
