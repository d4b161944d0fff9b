//! The JSON that clients get (`docs/contract.md`, section 7).

use pik_core::{
    Answer, Bucket, EventId, IngestTime, Outcome, Problem, RawKey, Record, RejectedHour, RejectionRecord, Stream,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{rejection_schemas, schemas};
use crate::ErrorCode;

/// An event that is durable: its first occurrence, or seen before.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ingested<'a> {
    /// The event's place in its batch, from 0. Only in batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = false)]
    index: Option<usize>,
    #[schema(schema_with = schemas::event_id)]
    event_id: &'a EventId,
    #[schema(schema_with = schemas::outcome)]
    status: Outcome,
    /// Ingest time minus event time of this occurrence; negative for an event from the future.
    ingest_lag_ms: i64,
    /// The key of the raw object, the first occurrence's for a duplicate.
    #[schema(value_type = String, max_length = 635)]
    s3_key: &'a RawKey,
    /// Present when nothing was written.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    dry_run: bool,
}

impl<'a> Ingested<'a> {
    pub(crate) fn of(answer: &'a Answer, index: Option<usize>, dry_run: bool) -> Self {
        let Answer { event_id, status, ingest_lag_ms, raw_key } = answer;
        Self { index, event_id, status: *status, ingest_lag_ms: *ingest_lag_ms, s3_key: raw_key, dry_run }
    }
}

/// An event that breaks the contract. No event was stored; sending it again as it is changes nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rejected<'a> {
    /// The event's place in its batch, from 0. Only in batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = false)]
    index: Option<usize>,
    #[schema(schema_with = schemas::rejected)]
    status: &'static str,
    /// Everything that is wrong.
    #[schema(schema_with = schemas::problems)]
    errors: &'a [Problem],
    /// Present when nothing would have been written in any case.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    dry_run: bool,
}

impl<'a> Rejected<'a> {
    pub(crate) fn of(problems: &'a [Problem], index: Option<usize>, dry_run: bool) -> Self {
        Self { index, status: "REJECTED", errors: problems, dry_run }
    }
}

/// A request, or an event of a batch, that failed without being at fault as an event. With a code of 5xx or 408 it may
/// be sent again as it is: whatever the failed attempt left is completed by the next.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failed<'a> {
    /// The event's place in its batch, from 0. Only in batches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = usize, required = false)]
    index: Option<usize>,
    #[schema(schema_with = schemas::error)]
    status: &'static str,
    errors: [Failure<'a>; 1],
    /// Present when nothing would have been written in any case.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    dry_run: bool,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure<'a> {
    #[schema(schema_with = schemas::error_code)]
    code: ErrorCode,
    #[schema(schema_with = schemas::whole_body)]
    path: &'static str,
    /// For a person: what is wrong and what to do.
    message: &'a str,
}

impl<'a> Failed<'a> {
    pub(crate) fn of(code: ErrorCode, message: &'a str, index: Option<usize>, dry_run: bool) -> Self {
        Self { index, status: "ERROR", errors: [Failure { code, path: "", message }], dry_run }
    }
}

// `super::batch_answer` writes it.
/// What became of each event of a batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct Batch<'a> {
    /// One for each event, in order. Blank lines of NDJSON are no events.
    pub(crate) results: Vec<BatchEntry<'a>>,
    /// How many are ACCEPTED.
    pub(crate) accepted: usize,
    /// How many are DUPLICATE.
    pub(crate) duplicate: usize,
    /// How many are REJECTED.
    pub(crate) rejected: usize,
    /// How many are ERROR, and should be sent again.
    pub(crate) failed: usize,
    /// Present when nothing was written.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub(crate) dry_run: bool,
}

/// What became of one event of a batch.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum BatchEntry<'a> {
    Ingested(Ingested<'a>),
    Rejected(Rejected<'a>),
    Failed(Failed<'a>),
}

/// Some of the records that were asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsFound<'a> {
    #[schema(schema_with = schemas::records)]
    pub(crate) events: &'a [Record],
    /// Sent as `cursor` with the same parameters, it gets the next page; null on the last one.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    /// Only where arrivals are asked for. No window of arrivals that ends here or earlier ever gains a record, and nothing
    /// beyond is shown: ask for the next window from here on, or from `arrived_to` where that is earlier. All pages of
    /// one walk have the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::time)]
    pub(crate) settled_until: Option<IngestTime>,
    /// Only on an empty first page, where there is nothing of the source or type that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) unknown_stream: Option<UnknownStream>,
}

/// Nothing was ever stored of this source, or of this type of it, nor refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnknownStream {
    /// The streams of the nearest names among the first 5,000, the very nearest first; none where there is no stream.
    #[schema(max_items = 3)]
    pub(crate) nearest: Vec<StreamName>,
}

/// A source and a type of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct StreamName {
    pub(crate) source: String,
    pub(crate) event_type: String,
}

/// An event and its duplicates.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventFound<'a> {
    #[schema(schema_with = schemas::a_record)]
    pub(crate) event: &'a Record,
    /// The later occurrences, by arrival.
    #[schema(schema_with = schemas::records)]
    pub(crate) duplicates: &'a [Record],
    /// Sent as `cursor`, it gets more of the duplicates; null when these are the last.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// Raw objects of the events that were asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct RawObjects<'a> {
    /// One for each of the first ids, in the order of the request.
    #[schema(min_items = 0, max_items = 250)]
    pub(crate) results: Vec<RawOf<'a>>,
}

/// An event as it was received.
#[derive(Serialize, ToSchema)]
pub(crate) struct RawOf<'a> {
    #[schema(schema_with = schemas::event_id)]
    pub(crate) event_id: &'a EventId,
    /// Its bytes; null when the event was never ingested, or when they are damaged so that they are no text.
    #[schema(required = true)]
    pub(crate) raw: Option<&'a str>,
    /// Only where they are no text: `/events/{event_id}/raw` has them as they are.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    #[schema(required = false)]
    pub(crate) not_text: bool,
}

/// What there is of the events that were asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lookup<'a> {
    /// One for each id, in the order of the request.
    #[schema(max_items = 1000)]
    pub(crate) results: Vec<LookedUp<'a>>,
}

/// Whether there is an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct LookedUp<'a> {
    #[schema(schema_with = schemas::event_id)]
    pub(crate) event_id: &'a EventId,
    /// The record of its first occurrence; null when the event was never ingested.
    #[schema(schema_with = schemas::a_record_or_null, required = true)]
    pub(crate) event: Option<&'a Record>,
}

/// Some of the sources and types of which there are events.
#[derive(Serialize, ToSchema)]
pub(crate) struct StreamsFound<'a> {
    /// By source and type, in the order of their bytes in UTF-8.
    #[schema(schema_with = schemas::streams)]
    pub(crate) streams: &'a [Stream],
    /// Sent as `cursor`, it gets the next page; null on the last one.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
    /// All that arrived before this time is counted in here. Some of what arrived later is, too.
    #[schema(schema_with = schemas::time)]
    pub(crate) settled_until: IngestTime,
}

/// What happened in each hour or day of event time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stats<'a> {
    /// One for each hour or day that was asked for, in their order, empty ones too.
    #[schema(schema_with = schemas::buckets)]
    pub(crate) buckets: &'a [Bucket],
    /// Only where all buckets are empty, and there is nothing of this source and type at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) unknown_stream: Option<UnknownStream>,
}

/// Some of the refused events that were asked for, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectionsFound<'a> {
    #[schema(schema_with = rejection_schemas::records)]
    pub(crate) rejections: &'a [RejectionRecord],
    /// Sent as `cursor` with the same parameters, it gets the next page; null on the last one.
    #[schema(required = true)]
    pub(crate) next_cursor: Option<String>,
}

/// How many events were refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct RejectionHours<'a> {
    /// One for each hour and code in which something was refused, in this order.
    #[schema(schema_with = rejection_schemas::hours)]
    pub(crate) hours: &'a [RejectedHour],
}

/// All is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct Well {
    #[schema(schema_with = schemas::ok)]
    status: &'static str,
}

pub(crate) const WELL: Well = Well { status: "OK" };

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}
