#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod copy;
mod db;
mod error;
mod gauges;
mod health;
mod index;
mod meters;
mod queue;
mod read;
mod room;
mod store;
mod verify;
mod write;

pub use copy::{CopyError, MissingLog, copy};
pub use error::OpenError;
pub use index::indexes::Progress;
pub use store::{Options, SqliteStore};
pub use verify::{Inspected, inspect};
