//! What a call was about.

use std::fmt;

/// What a call was about, by the names that an operator gave.
#[derive(Debug, Clone, Copy)]
pub enum On<'a> {
    /// A bucket, and the KMS key that its objects are encrypted with, if one is set.
    Bucket(&'a str, Option<&'a str>),
    /// A table.
    Table(&'a str),
    /// A queue.
    Queue(&'a str),
}

impl fmt::Display for On<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(name, _) => write!(f, "bucket {name}"),
            Self::Table(name) => write!(f, "table {name}"),
            Self::Queue(name) => write!(f, "queue {name}"),
        }
    }
}
