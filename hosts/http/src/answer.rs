//! The JSON that clients get (contract, section 7).

use pik_core::{Answer, EventId, Outcome, Problem, RawKey};
use serde::Serialize;

use crate::ErrorCode;

/// ACCEPTED or DUPLICATE.
#[derive(Serialize)]
pub(crate) struct Ingested<'a> {
    /// The event's place in its batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    event_id: &'a EventId,
    status: Outcome,
    ingest_lag_ms: i64,
    s3_key: &'a RawKey,
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
}

impl<'a> Ingested<'a> {
    pub(crate) fn of(answer: &'a Answer, index: Option<usize>, dry_run: bool) -> Self {
        let Answer { event_id, status, ingest_lag_ms, raw_key } = answer;
        Self { index, event_id, status: *status, ingest_lag_ms: *ingest_lag_ms, s3_key: raw_key, dry_run }
    }
}

/// REJECTED.
#[derive(Serialize)]
pub(crate) struct Rejected<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    status: &'static str,
    errors: &'a [Problem],
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
}

impl<'a> Rejected<'a> {
    pub(crate) fn of(problems: &'a [Problem], index: Option<usize>, dry_run: bool) -> Self {
        Self { index, status: "REJECTED", errors: problems, dry_run }
    }
}

/// ERROR.
#[derive(Serialize)]
pub(crate) struct Failed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    status: &'static str,
    errors: [Failure<'a>; 1],
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
}

/// What went wrong, though the event may be right.
#[derive(Serialize)]
pub(crate) struct Failure<'a> {
    code: ErrorCode,
    path: &'static str,
    message: &'a str,
}

impl<'a> Failed<'a> {
    pub(crate) fn of(code: ErrorCode, message: &'a str, index: Option<usize>, dry_run: bool) -> Self {
        Self { index, status: "ERROR", errors: [Failure { code, path: "", message }], dry_run }
    }
}

/// All is well.
#[derive(Serialize)]
pub(crate) struct Well {
    status: &'static str,
}

pub(crate) const WELL: Well = Well { status: "OK" };

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The bytes of an answer.
pub(crate) fn json(answer: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::with_capacity(384);
    write_json(&mut text, answer);
    text
}

/// Appends the bytes of an answer.
pub(crate) fn write_json(text: &mut Vec<u8>, answer: &impl Serialize) {
    // INVARIANT: the types above have string keys and their values write themselves; memory cannot refuse a write.
    let written = serde_json::to_writer(text, answer);
    debug_assert!(written.is_ok());
}
