//! What a host says is wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An entry of `errors` in an answer.
///
/// The texts come from the host. Escape them before they reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A word that a program can match on, such as `missing_offset` or `unavailable`.
    pub code: String,
    /// A JSON Pointer to the place in the event, `""` for the whole of it.
    pub path: String,
    /// For a person: what is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, path, message } = self;
        if path.is_empty() { write!(f, "{code}: {message}") } else { write!(f, "{code} at {path}: {message}") }
    }
}

impl From<&pik_core::Problem> for Problem {
    fn from(problem: &pik_core::Problem) -> Self {
        Self { code: problem.code.as_str().to_owned(), path: problem.path.clone(), message: problem.message.clone() }
    }
}
