//! The file: its tables and settings, its lock, its rows, and the checkpoints of its write-ahead log.

pub(crate) mod checkpoint;
pub(crate) mod lock;
pub(crate) mod rows;
pub(crate) mod schema;
pub(crate) mod sql;
