//! `GET /stats`: counts and lags by hour or day.

use pik_core::{Investigate, count_stream};

use super::events::found;
use super::unknown::unknown_stream;
use crate::request::question;
use crate::response::answer::Stats;
use crate::response::{Refusal, Reply};
use crate::service::Service;
use crate::{Call, Host};

/// Counts and lags by hour or day.
pub(super) async fn get<S: Investigate, H: Host>(service: &Service<S, H>, call: &Call) -> Result<Reply, Refusal> {
    let query = question::of_stats(call.parameters()).map_err(Refusal::invalid_parameter)?;
    service.see_evidence_written().await;
    let buckets = count_stream(service.store(), &query).await?;
    let is_empty = buckets.iter().all(|bucket| bucket.accepted + bucket.duplicate + bucket.rejected == 0);
    let unknown_stream =
        if is_empty { unknown_stream(service.store(), (&query.source, Some(&query.event_type))).await } else { None };
    Ok(found(&Stats { buckets: &buckets, unknown_stream }))
}
