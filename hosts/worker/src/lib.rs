#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod analytics;
mod database;
mod environment;
mod failure;
mod gate;
mod host;
mod investigate;
mod ledger;
mod nowhere;
mod raw_store;
mod row;
mod serve;
mod sql;
mod store;
mod tallies;

pub use host::WorkerHost;
pub use ledger::D1Ledger;
pub use raw_store::R2RawStore;
pub use serve::serve;
pub use store::WorkerStore;
