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
const LASTING: [&str; 9] = [
    "no such table",
    "no such column",
    "no such function",
    "has no column",
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
        StoreError::Overloaded(reason)
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
            ("D1_ERROR: no such table: event: SQLITE_ERROR", "internal"),
            ("D1_ERROR: records are never deleted: SQLITE_CONSTRAINT", "internal"),
        ] {
            assert_eq!(sort(text.to_owned()).code(), code, "{text}");
        }
    }
}
