//! The file: its tables and settings, its lock, its rows, and the checkpoints of its write-ahead log.

pub(crate) mod checkpoint;
pub(crate) mod checksum;
pub(crate) mod files;
pub(crate) mod lock;
pub(crate) mod migrate;
pub(crate) mod opening;
pub(crate) mod rejections;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod sql;
pub(crate) mod tables;
