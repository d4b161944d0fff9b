//! Why an event was refused: codes, places and messages (`docs/contract.md`, section 7).

use core::fmt;

use serde::Serialize;

use crate::{Code, Legible};

/// The most problems one rejection lists.
pub const MAX_PROBLEMS: usize = 100;

/// The longest JSON Pointer, in bytes, that a problem carries.
pub const MAX_POINTER_BYTES: usize = 1024;

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong.
    pub code: Code,
    /// A JSON Pointer (RFC 6901) to the place, `""` for the whole body.
    pub path: String,
    /// For a person. Never quotes a value.
    pub message: String,
}

impl Problem {
    /// A problem of the whole body.
    pub fn of_body(code: Code, message: impl Into<String>) -> Self {
        Self { code, path: String::new(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}: {}", self.code, self.message)
        } else {
            write!(f, "{} at {}: {}", self.code, self.path, self.message)
        }
    }
}

/// Everything that is wrong with one event. Never empty.
///
/// ```
/// use pik_core::{Code, Event};
///
/// let rejection = Event::parse(br#"{"source":"","event_type":5}"#).unwrap_err();
/// let codes: Vec<Code> = rejection.problems().iter().map(|problem| problem.code).collect();
/// assert_eq!(codes[..2], [Code::Empty, Code::WrongType]);
/// assert_eq!(rejection.problems()[2].path, "/entity_id");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    problems: Vec<Problem>,
    // Boxed: a rejection is an error, and those are moved a lot.
    legible: Option<Box<Legible>>,
}

impl Rejection {
    /// A rejection for one reason.
    pub fn of(problem: Problem) -> Self {
        Self { problems: vec![problem], legible: None }
    }

    pub(crate) fn from_problems(mut problems: Vec<Problem>) -> Self {
        assert!(!problems.is_empty(), "a rejection names a problem");
        problems.truncate(MAX_PROBLEMS);
        Self { problems, legible: None }
    }

    pub(crate) fn with_legible(self, legible: Legible) -> Self {
        Self { legible: Some(Box::new(legible)), ..self }
    }

    /// The body is over the limit; nothing of it was parsed.
    pub fn too_large(limit: usize) -> Self {
        Self::of(Problem::of_body(
            Code::TooLarge,
            format!("the body is over the limit of {limit} bytes; make the payload smaller or split the event"),
        ))
    }

    /// The problems, in the contract's order; at least 1, at most [`MAX_PROBLEMS`].
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What of the event is valid by itself. It is never a part of an answer.
    pub fn legible(&self) -> &Legible {
        const NOTHING: &Legible = &Legible { source: None, event_type: None, entity_id: None, event_time: None };
        self.legible.as_deref().unwrap_or(NOTHING)
    }

    /// The problems, owned.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for Rejection {}

/// Builds a JSON Pointer from its segments, outermost first; stops at the longest whole ancestor that fits.
pub(crate) fn pointer<'a>(segments: impl Iterator<Item = &'a str>) -> String {
    let mut path = String::new();
    for segment in segments {
        let escapes = segment.bytes().filter(|byte| matches!(byte, b'~' | b'/')).count();
        if path.len() + 1 + segment.len() + escapes > MAX_POINTER_BYTES {
            break;
        }
        path.push('/');
        for character in segment.chars() {
            match character {
                '~' => path.push_str("~0"),
                '/' => path.push_str("~1"),
                other => path.push(other),
            }
        }
    }
    path
}
