//! What D1 and R2 report, sorted into what a client can do about it. All they give is a text.

use pik_core::StoreError;
use worker::Error;

/// In errors that ask to come back later.
const THROTTLED: [&str; 6] = [
    "overloaded",
    "Too many requests",
    "too many requests",
    "rate limit",
    // R2: several writes of one key within a second.
    "(10058)",
    "exceeded its CPU time limit and was reset",
];

/// In errors that the same call would get again.
const LASTING: [&str; 10] = [
    "no such table",
    "no such column",
    "no such function",
    "has no column",
    "constraint failed",
    "syntax error",
    "record changes once",
    "records are never",
    "too many SQL variables",
    // R2: the object is too large, its key too long, its checksum wrong, the credentials refused.
    "(100",
];

/// The store error for a call to D1 that failed.
pub(crate) fn of_d1(call: &'static str, error: &Error) -> StoreError {
    let text = match error {
        Error::D1(error) => error.cause(),
        other => other.to_string(),
    };
    sort(format!("{call} in D1: {text}"))
}

/// The store error for a call to R2 that failed.
pub(crate) fn of_r2(call: &'static str, error: &Error) -> StoreError {
    sort(format!("{call} in R2: {error}"))
}

fn sort(reason: String) -> StoreError {
    let has = |texts: &[&str]| texts.iter().any(|text| reason.contains(text));
    if has(&THROTTLED) {
        StoreError::Overloaded(reason)
    } else if has(&LASTING) {
        StoreError::Internal(reason)
    } else {
        // Connections, time-outs, restarts, a daily limit: what is not known to last may pass.
        StoreError::Unavailable(reason)
    }
}
