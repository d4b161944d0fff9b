//! `GET /events`, `GET /events/{event_id}` and `GET /stats`: what is known of events.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use pik_core::{Investigate, Page, QueryError, Record, Status, Store};
use serde::Serialize;

use super::open;
use crate::answer::{EventFound, EventsFound, Stats, json};
use crate::cursor::{self, CursorError};
use crate::intake::{admit, invalid_parameter};
use crate::question::{self, Question};
use crate::refusal::{Refusal, json_response};
use crate::{Api, ErrorCode, Host};

/// Records by entity, by lag or by arrival.
pub(super) async fn list<S: Store + Investigate, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, _) = open(&api, request);
    let answer = async {
        admit(&api, &head)?;
        let question = Question::of_events(head.uri.query()).map_err(invalid_parameter)?;
        let page = page(&api, &question).await?;
        Ok(found(&EventsFound { next_cursor: next(&question, &page), events: &page.items }))
    };
    call.answer(&api, answer.await)
}

/// One event and its duplicates.
pub(super) async fn one<S: Store + Investigate, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, _) = open(&api, request);
    let answer = async {
        admit(&api, &head)?;
        let event_id = question::event_id(head.uri.path()).map_err(invalid_parameter)?;
        let question = Question::of_event(event_id, head.uri.query()).map_err(invalid_parameter)?;
        let event = api.store().find(&event_id).await?;
        // Nobody was ever told that a PENDING event is safe.
        let event = event.filter(|event| event.status == Status::Accepted).ok_or_else(no_such_event)?;
        let page = page(&api, &question).await?;
        let next_cursor = next(&question, &page);
        Ok(found(&EventFound { event: &event, duplicates: &page.items, next_cursor }))
    };
    call.answer(&api, answer.await)
}

/// Counts and lags by hour or day.
pub(super) async fn stats<S: Store + Investigate, H: Host>(State(api): State<Api<S, H>>, request: Request) -> Response {
    let (call, head, _) = open(&api, request);
    let answer = async {
        admit(&api, &head)?;
        let query = question::of_stats(head.uri.query()).map_err(invalid_parameter)?;
        let buckets = api.store().stats(&query).await?;
        Ok(found(&Stats { buckets: &buckets }))
    };
    call.answer(&api, answer.await)
}

async fn page<S: Store + Investigate, H: Host>(api: &Api<S, H>, question: &Question) -> Result<Page<Record>, Refusal> {
    let Question { query, after, limit } = question;
    api.store().records(query, after.as_ref(), *limit).await.map_err(|error| match error {
        QueryError::Position => invalid_parameter(CursorError::Broken.message()),
        QueryError::Store(error) => error.into(),
    })
}

fn next(question: &Question, page: &Page<Record>) -> Option<String> {
    page.next.as_ref().map(|position| cursor::write(&question.query, position))
}

/// The answer to a question about an event that there is not.
pub(super) fn no_such_event() -> Refusal {
    Refusal::error(ErrorCode::NotFound, "no event with this id was ingested; check the id")
}

fn found(answer: &impl Serialize) -> Response {
    let mut response = json_response(StatusCode::OK, json(answer));
    // The next occurrence changes it.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
