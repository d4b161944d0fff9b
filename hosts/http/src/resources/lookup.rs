//! `POST /events/lookup`: which of these events there are.

use axum::body::Body;
use axum::http::request::Parts;
use pik_core::{Status, Store};

use super::events::found;
use super::ids;
use crate::limits::MAX_LOOKUP_IDS;
use crate::response::answer::{LookedUp, Lookup};
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// The records of these events.
pub(super) async fn post<S: Store, H: Host>(
    service: &Service<S, H>,
    call: &Call,
    head: &Parts,
    body: &mut Body,
) -> Result<Reply, Refusal> {
    let ids = ids::asked(service, call, head, body, MAX_LOOKUP_IDS).await?;
    let records = service.store().find_many(&ids).await?;
    let results = ids.iter().zip(&records).map(|(event_id, record)| {
        // No client was ever told that a PENDING event is safe.
        LookedUp { event_id, event: record.as_ref().filter(|record| record.status == Status::Accepted) }
    });
    Ok(found(&Lookup { results: results.collect() }))
}
