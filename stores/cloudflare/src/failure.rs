//! What D1 and R2 report, sorted into what a client can do about it. All they give is a text.

use pik_core::{Obstacle, StoreError};
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

/// In errors that stay until the operator has done something. The numbers are R2's.
const BLOCKED: [(&str, Obstacle); 11] = [
    ("no such table", Obstacle::Missing),
    ("no such column", Obstacle::Missing),
    ("has no column", Obstacle::Missing),
    ("(10006)", Obstacle::Missing),
    ("(10002)", Obstacle::Denied),
    ("(10003)", Obstacle::Denied),
    // R2 is not part of the account's plan.
    ("(10042)", Obstacle::Denied),
    ("not authorized", Obstacle::Denied),
    ("Exceeded maximum DB size", Obstacle::DiskFull),
    ("maximum account storage limit", Obstacle::DiskFull),
    ("SQLITE_FULL", Obstacle::DiskFull),
];

/// In errors that the same call would get again.
const LASTING: [&str; 6] = [
    "no such function",
    "constraint failed",
    "syntax error",
    "record changes once",
    "records are never",
    "too many SQL variables",
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
        StoreError::Throttled(reason)
    } else if let Some((_, obstacle)) = BLOCKED.iter().find(|(text, _)| reason.contains(text)) {
        StoreError::Blocked(*obstacle, reason)
    } else if has(&LASTING) {
        StoreError::Internal(reason)
    } else {
        // Connections, time-outs, restarts, a daily limit: what is not known to last may pass.
        StoreError::Unavailable(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for (text, code) in [
            ("D1_ERROR: D1 DB is overloaded. Requests queued for too long.", "overloaded"),
            ("D1_ERROR: D1 DB is overloaded. Too many requests queued.", "overloaded"),
            ("put: Reduce your concurrent request rate for the same object. (10058)", "overloaded"),
            ("D1_ERROR: Network connection lost.", "unavailable"),
            ("D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.", "unavailable"),
            ("put: We encountered an internal error. Please try again. (10001)", "unavailable"),
            ("D1_ERROR: records are never deleted: SQLITE_CONSTRAINT", "internal"),
        ] {
            assert_eq!(sort(text.to_owned()).code(), code, "{text}");
        }
    }

    #[test]
    fn what_the_operator_must_do_is_told_apart() {
        for (text, obstacle) in [
            ("D1_ERROR: no such table: event: SQLITE_ERROR", Obstacle::Missing),
            ("D1_ERROR: table event has no column named receipt: SQLITE_ERROR", Obstacle::Missing),
            ("head: The specified bucket does not exist. (10006)", Obstacle::Missing),
            ("put: Access denied. (10003)", Obstacle::Denied),
            ("put: You are not entitled to use R2. (10042)", Obstacle::Denied),
            ("D1_ERROR: Exceeded maximum DB size.", Obstacle::DiskFull),
            ("D1_ERROR: database or disk is full: SQLITE_FULL", Obstacle::DiskFull),
        ] {
            let sorted = sort(text.to_owned());
            assert_eq!(sorted, StoreError::Blocked(obstacle, text.to_owned()));
        }
    }
}
