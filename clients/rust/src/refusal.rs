//! The JSON of an answer that refuses a request as a whole.

use serde::Deserialize;

use crate::Problem;

/// How an event, or a whole request, fared.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Accepted,
    Duplicate,
    Rejected,
    Error,
}

/// A request that was refused as a whole.
#[derive(Deserialize)]
pub(crate) struct Whole {
    status: Status,
    pub(crate) errors: Vec<Problem>,
}

/// `None` for any other answer.
pub(crate) fn whole(body: &[u8]) -> Option<Whole> {
    let whole: Whole = serde_json::from_slice(body).ok()?;
    (!whole.errors.is_empty() && matches!(whole.status, Status::Rejected | Status::Error)).then_some(whole)
}

/// The first problem of an answer without results.
pub(crate) fn problem_of(body: &[u8]) -> Option<Problem> {
    whole(body)?.errors.into_iter().next()
}
