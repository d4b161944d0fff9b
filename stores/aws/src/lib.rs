#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod client;
mod commit;
mod days;
#[cfg(test)]
mod endpoint;
mod event_times;
mod failure;
mod init;
mod inventory;
mod investigate;
mod item;
mod ledger;
mod noted;
mod on;
mod places;
mod raw_store;
mod refusal;
mod rejections;
mod schema;
mod settings;
mod store;
mod streams;
mod tallies;
mod walk;

pub use client::{Clients, shared_config};
pub use failure::store_error;
pub use init::{Check, Provision, Verdict};
pub use ledger::DynamoLedger;
pub use on::On;
pub use raw_store::S3RawStore;
pub use rejections::REJECTIONS_A_MINUTE;
pub use schema::{BY_ENTITY, BY_EVENT_TIME, BY_INGEST, BY_LAG, Index};
pub use settings::{MAX_SHARDS, Settings};
pub use store::AwsStore;
