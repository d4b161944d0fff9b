#![doc = include_str!("../README.md")]
#![deny(missing_docs, clippy::float_arithmetic)]

extern crate alloc;

mod batch;
mod canonical;
mod event;
mod groups;
mod id;
mod ingest;
mod key;
mod lags;
mod memory;
mod number;
mod order;
mod position;
mod query;
mod receipt;
mod record;
mod rejection;
mod scan;
mod stats;
mod store;
mod time;
mod verify;

pub use batch::{split_array, split_lines};
pub use canonical::MAX_DEPTH;
pub use event::{Event, MAX_BODY_BYTES, MAX_ENTITY_ID_BYTES};
pub use groups::{groups, in_order};
pub use id::{EventId, ParseHashError, PayloadHash};
pub use ingest::{ingest, read_raw};
pub use key::{MAX_PARTITION_BYTES, ParseKeyError, Partition, RawKey, key_prefix};
pub use lags::{LagCounts, Lags};
pub use memory::{MemoryLedger, MemoryRawStore, MemoryStore};
pub use position::{Place, Position};
pub use query::{Investigate, Query, QueryError, Records};
pub use receipt::{MAX_REQUEST_ID_BYTES, Receipt, is_request_id};
pub use record::{Answer, CONTRACT, Outcome, Record, Status, Submission};
pub use rejection::{Code, MAX_POINTER_BYTES, MAX_PROBLEMS, Problem, Rejection};
pub use stats::{Bucket, BucketWidth, ParseWidthError, StatsQuery, Tally};
pub use store::{Claim, Commit, Ledger, Put, RawStore, Store, StoreError};
pub use time::{EventTime, IngestTime, TimeError, TimeText};
pub use verify::{Filed, Finding, Inventory, Notice, Page, Verification, verify};
