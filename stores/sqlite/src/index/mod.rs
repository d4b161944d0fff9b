//! How occurrences are found.

pub(crate) mod hourly;
pub(crate) mod indexes;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod lag_bytes;
pub(crate) mod occurrence;
pub(crate) mod settle;
pub(crate) mod sweep;
#[allow(dead_code, unused_imports, reason = "not in place yet")]
pub(crate) mod tree;
