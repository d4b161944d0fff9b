//! `POST /ingest`: one event.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::request::Parts;
use pik_core::{Answer, Event, Receipt, Rejection, Store, StoreError, Submission};

use super::intake::{Intake, Terms, receive};
use crate::error_code::store_message;
use crate::request::media::MediaType;
use crate::request::mistaken;
use crate::request::other_id;
use crate::response::answer::{Failed, Ingested};
use crate::response::json::{json, json_response};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, ErrorCode, Host, Observation, Subject};

/// What is taken here.
pub(crate) const TERMS: Terms = Terms {
    media_types: &[MediaType::Json],
    other_type: "an event is `application/json` in UTF-8; say so in Content-Type (batches go to /ingest/batch)",
    limit: |config| config.max_event_bytes,
    too_large: Rejection::too_large,
};

/// Ingests one event.
pub(super) async fn post<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    let received = receive(service, call, head, body, &TERMS).await?;
    let receipt = Receipt::new(call.request_id(), service.host().nonce(), 0);
    let limit = TERMS.limit(service.config());
    let parse = move |intake: Intake| {
        intake.count(1)?;
        if let Some(rejection) = mistaken::binary(&intake.bytes) {
            return Err(intake.refuse(rejection));
        }
        let event = Event::parse_at_most(&intake.bytes, limit).map_err(|rejection| intake.refuse(rejection))?;
        Ok((Submission::within(&intake.bytes, &event, intake.ingest_time, receipt), intake.share))
    };
    let (submission, _share) = received.work(service.host(), parse).await?;
    let subject = Subject::of_submission(&submission);
    let result =
        if call.dry_run() { foretell(service, &submission).await } else { service.store().ingest(submission).await };
    let edge_event_id = other_id(&head.headers, &subject.event_id);
    let (status, body, observation) = match result {
        Ok(answer) => {
            let body = json(&Ingested::of(&answer, None, call.dry_run()));
            (StatusCode::OK, body, Observation::ingested(subject, answer.status, answer.ingest_lag_ms))
        }
        Err(error) => {
            let code = ErrorCode::from(&error);
            let body = json(&Failed::of(code, store_message(&error), None, call.dry_run()));
            let observation = Observation::error(code, Some(error.reason().to_owned())).of_event(subject);
            (code.http_status(), body, observation)
        }
    };
    Ok(Reply { response: json_response(status, body), observations: vec![observation.of_edge(edge_event_id)] })
}

async fn foretell<S: Store, H: Host>(service: &Service<S, H>, submission: &Submission) -> Result<Answer, StoreError> {
    let found = service.store().find(&submission.event_id).await?;
    Ok(submission.foretold(found.as_ref()))
}
