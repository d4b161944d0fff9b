//! `GET /streams`: which sources and types there are.

use pik_core::{Investigate, QueryError, Store, list_streams};

use super::events::found;
use super::intake;
use crate::request::cursor::{self, CursorError};
use crate::request::question::StreamsQuestion;
use crate::response::answer::StreamsFound;
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// The sources and types, in order.
pub(super) async fn list<S: Store + Investigate, H: Host>(
    service: &Service<S, H>,
    call: &Call,
) -> Result<Reply, Refusal> {
    let question = StreamsQuestion::read(call.parameters()).map_err(Refusal::invalid_parameter)?;
    // Before the list, so that all that is settled by then is in it.
    let settled_until = service.store().settled_until(intake::host_time(service)?).await?;
    service.see_evidence_written().await;
    let page =
        list_streams(service.store(), question.after.as_ref(), question.limit).await.map_err(|error| match error {
            QueryError::Position => Refusal::invalid_parameter(CursorError::Broken.message()),
            QueryError::Unanswered(instead) => Refusal::invalid_parameter(instead),
            QueryError::Store(error) => error.into(),
        })?;
    let next_cursor = page.next.as_ref().map(|position| cursor::write(&StreamsQuestion::NAME, None, position));
    Ok(found(&StreamsFound { streams: &page.items, next_cursor, settled_until }))
}
