#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod database;
mod event_times;
mod failure;
mod investigate;
mod ledger;
mod raw_store;
mod rejection_sql;
mod rejections;
mod row;
mod sql;
mod store;
mod tallies;

pub use ledger::D1Ledger;
pub use raw_store::R2RawStore;
pub use store::{CloudflareStore, cloudflare_store};
