//! Where a member's value comes from, and what a cell without text means.

use std::convert::Infallible;
use std::str::FromStr;

/// A text for all rows, or a column's name behind `@`. `@@` begins a text that begins with `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Constant(String),
    Column(String),
}

impl Cell {
    /// The column's name, if it is one.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Column(name) => Some(name),
            Self::Constant(_) => None,
        }
    }
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

/// What a value of the payload becomes that is not there: an empty cell, or `null` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnEmpty {
    /// An empty text; what an empty cell is without this option
    Text,
    /// The member is left out
    Drop,
    /// `null`; what it is in JSON without this option
    Null,
    /// The row is refused
    Error,
}

/// What becomes of a number that is none, such as `NaN` or `-inf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnNan {
    /// The member is left out
    Drop,
    /// `null`
    Null,
    /// The row is refused
    Error,
}
