//! Store on one SQLite file.
//!
//! Raw objects and records share one file, so an ingest is one transaction. A single writer thread takes whatever
//! has queued up, commits it with one fsync and only then answers. Readers have connections of their own.
#![deny(missing_docs)]

mod checkpoint;
mod error;
mod hourly;
mod index;
mod indexes;
mod inventory;
mod investigate;
mod keys;
mod known;
mod lag_bytes;
mod lock;
mod occurrence;
mod queue;
mod reader;
mod records;
mod rows;
mod schema;
mod settle;
mod sql;
mod store;
mod tallies;
mod writer;

pub use error::OpenError;
pub use store::{Options, SqliteStore};
