//! `GET /events` and `GET /events/{event_id}`: what is known of events.

use core::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use pik_core::{Investigate, Page, QueryError, Record, Status, Store};
use serde::Serialize;

use super::intake;
use super::unknown::unknown_stream;
use crate::request::cursor::{self, CursorError};
use crate::request::question::{self, Question};
use crate::response::answer::{EventFound, EventsFound};
use crate::response::json::{json, json_response};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, ErrorCode, Host};

/// Between two looks at a store in which nothing has arrived yet. Each look costs what a question costs.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Records by entity, by time or by lag.
pub(super) async fn list<S: Store + Investigate, H: Host>(
    service: &Service<S, H>,
    call: &Call,
) -> Result<Reply, Refusal> {
    let question = Question::of_events(call.parameters()).map_err(Refusal::invalid_parameter)?;
    let started = service.host().monotonic();
    let mut pause = FIRST_PAUSE;
    loop {
        let question = frozen(service, question.clone()).await?;
        let page = page(service, &question).await?;
        let left = question.wait.saturating_sub(service.host().monotonic().saturating_sub(started));
        let is_empty = page.items.is_empty() && page.next.is_none();
        if !is_empty || is_over(&question) || left.is_zero() || !service.host().pause(pause.min(left)).await {
            let unknown_stream = match question.query.stream() {
                Some(names) if is_empty && question.after.is_none() => unknown_stream(service.store(), names).await,
                Some(_) | None => None,
            };
            let (settled_until, next_cursor) = (question.settled_until, next(&question, &page));
            return Ok(found(&EventsFound { settled_until, next_cursor, events: &page.items, unknown_stream }));
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Whether a window of arrivals is settled to its end, so that nothing will ever be in it.
fn is_over(question: &Question) -> bool {
    question.query.arrivals().zip(question.settled_until).is_none_or(|((_, to), until)| to <= until)
}

/// One event and its duplicates.
pub(super) async fn one<S: Store + Investigate, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
) -> Result<Reply, Refusal> {
    let event_id = question::event_id(head.uri.path()).map_err(Refusal::invalid_parameter)?;
    let question = Question::of_event(event_id, call.parameters()).map_err(Refusal::invalid_parameter)?;
    let event = service.store().find(&event_id).await?;
    // No client was ever told that a PENDING event is safe.
    let event = event.filter(|event| event.status == Status::Accepted).ok_or_else(no_such_event)?;
    let page = page(service, &question).await?;
    let next_cursor = next(&question, &page);
    Ok(found(&EventFound { event: &event, duplicates: &page.items, next_cursor }))
}

/// The question, ended where arrivals are settled: no page shows what a later one could push aside.
async fn frozen<S: Store, H: Host>(service: &Service<S, H>, question: Question) -> Result<Question, Refusal> {
    if question.query.arrivals().is_none() || question.settled_until.is_some() {
        return Ok(question);
    }
    let now = intake::host_time(service)?;
    Ok(Question { settled_until: Some(service.store().settled_until(now).await?), ..question })
}

async fn page<S: Investigate, H: Host>(service: &Service<S, H>, question: &Question) -> Result<Page<Record>, Refusal> {
    let Question { query, settled_until, after, limit, wait: _ } = question;
    let query = settled_until.map_or_else(|| query.clone(), |until| query.clone().frozen(until));
    service.store().records(&query, after.as_ref(), *limit).await.map_err(|error| match error {
        QueryError::Position => Refusal::invalid_parameter(CursorError::Broken.message()),
        QueryError::Unanswered(instead) => Refusal::invalid_parameter(instead),
        QueryError::Store(error) => error.into(),
    })
}

fn next(question: &Question, page: &Page<Record>) -> Option<String> {
    page.next.as_ref().map(|position| cursor::write(&question.query, question.settled_until, position))
}

/// The answer to a question about an event that there is not.
pub(super) fn no_such_event() -> Refusal {
    Refusal::error(ErrorCode::NotFound, "no event with this id was ingested; check the id")
}

pub(super) fn found(answer: &impl Serialize) -> Reply {
    let mut response = json_response(StatusCode::OK, json(answer));
    // The next occurrence changes it.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.into()
}
