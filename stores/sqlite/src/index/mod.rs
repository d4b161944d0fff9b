//! How occurrences are found: their keys in a tree that knows nothing of what they mean, and the counts by hour.

pub(crate) mod hourly;
pub(crate) mod indexes;
pub(crate) mod keys;
mod lag_bytes;
pub(crate) mod occurrence;
pub(crate) mod tree;
