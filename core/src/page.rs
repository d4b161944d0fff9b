//! Answers that come in pages.

use serde::{Deserialize, Serialize};

/// A part of a long answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as were asked for, in the store's order. The last page may hold fewer. A store may also stop early,
    /// even with none, so that one page costs a bounded amount.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<Position>,
}

/// Where a page ended, as text that only the store that made it understands.
///
/// A position can only begin a page of the same question elsewhere: a store takes everything else from the question.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// A position as a store wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
