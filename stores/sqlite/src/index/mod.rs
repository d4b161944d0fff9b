//! How occurrences are found: their keys in a tree that knows nothing of what they mean, and the counts.

pub(crate) mod counts;
pub(crate) mod hours;
pub(crate) mod indexes;
pub(crate) mod keys;
mod lag_bytes;
pub(crate) mod occurrence;
pub(crate) mod streams;
pub(crate) mod tree;
