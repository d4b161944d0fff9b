#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod client;
mod commit;
mod failure;
mod folder;
mod init;
mod inventory;
mod investigate;
mod item;
mod ledger;
mod places;
#[cfg(feature = "sqs")]
mod queue;
mod raw_store;
mod schema;
mod settings;
mod store;
mod tallies;
mod walk;

pub use client::Clients;
pub use folder::{Copied, S3Folder};
pub use init::{Check, Provision, Verdict};
pub use ledger::DynamoLedger;
#[cfg(feature = "sqs")]
pub use queue::{Queue, Taken};
pub use raw_store::S3RawStore;
pub use schema::{BY_ENTITY, BY_INGEST, BY_LAG, Index};
pub use settings::{MAX_SHARDS, Settings};
pub use store::AwsStore;
