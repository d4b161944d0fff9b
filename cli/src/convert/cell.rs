//! Where a member's value comes from, and what a cell without text means.

use std::convert::Infallible;
use std::str::FromStr;

/// A text for all rows, or a column's name behind `@`. `@@` begins a text that begins with `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Constant(String),
    Column(String),
}

impl FromStr for Cell {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some(constant) if constant.starts_with('@') => Self::Constant(constant.to_owned()),
            Some(column) => Self::Column(column.to_owned()),
            None => Self::Constant(text.to_owned()),
        })
    }
}

/// What an empty cell of the payload becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnEmpty {
    /// An empty text
    Text,
    /// The member is left out
    Drop,
    /// `null`
    Null,
    /// The row is refused
    Error,
}
