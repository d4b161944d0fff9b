//! `POST /ingest`: one event.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use pik_core::{Answer, Event, Rejection, Store, StoreError, Submission};

use super::{open, refuse};
use crate::answer::{Failed, Ingested, json};
use crate::intake::{Terms, take};
use crate::media::MediaType;
use crate::refusal::json_response;
use crate::{Api, Call, Config, ErrorCode, Host, Observation, edge};

/// What is taken here.
pub(crate) fn terms(config: &Config) -> Terms {
    Terms {
        media_types: &[MediaType::Json],
        other_type: "an event is `application/json` in UTF-8; say so in Content-Type (batches go to /ingest/batch)",
        limit: config.max_event_bytes,
        too_large: Rejection::too_large,
    }
}

/// Ingests one event.
pub(super) async fn post<S: Store, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, mut body) = open(&api, request);
    let terms = terms(api.config());
    let intake = match take(&api, &head, &mut body, &terms).await {
        Ok(intake) => intake,
        Err(refusal) => return refuse(&api, call, &head, &mut body, &refusal).await,
    };
    let event = match Event::parse_at_most(&intake.bytes, terms.limit) {
        Ok(event) => event,
        Err(rejection) => return call.refuse(&api, &rejection.into()),
    };
    let submission = Submission::within(&intake.bytes, &event, intake.ingest_time, call.receipt(api.host().nonce(), 0));
    let result = if call.dry_run() { foretell(&api, &submission).await } else { api.store().ingest(submission).await };
    answer(&api, call, &event, edge::other_id(&head.headers, event.id()), &result)
}

async fn foretell<S: Store, H: Host>(api: &Api<S, H>, submission: &Submission) -> Result<Answer, StoreError> {
    let found = api.store().find(&submission.event_id).await?;
    Ok(submission.foretold(found.as_ref()))
}

fn answer<S: Store, H: Host>(
    api: &Api<S, H>,
    call: Call,
    event: &Event<'_>,
    edge_event_id: Option<&str>,
    result: &Result<Answer, StoreError>,
) -> Response {
    match result {
        Ok(answer) => {
            let body = json(&Ingested::of(answer, None, call.dry_run()));
            let observation = Observation::ingested(event, answer.status, answer.ingest_lag_ms).of_edge(edge_event_id);
            call.end(api, json_response(StatusCode::OK, body), &[observation])
        }
        Err(error) => {
            let code = ErrorCode::from(error);
            let body = json(&Failed::of(code, code.service_message(), None, call.dry_run()));
            call.end(
                api,
                json_response(code.http_status(), body),
                &[Observation::failed(event, error).of_edge(edge_event_id)],
            )
        }
    }
}
