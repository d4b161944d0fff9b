#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod db;
mod error;
mod health;
mod index;
mod queue;
mod read;
mod store;
mod write;

pub use error::OpenError;
pub use index::indexes::Progress;
pub use store::{Options, SqliteStore};
