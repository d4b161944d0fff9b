#![doc = include_str!("../README.md")]
#![deny(missing_docs, clippy::float_arithmetic)]

extern crate alloc;

mod batch;
mod canonical;
mod code;
mod event;
mod id;
mod ingest;
mod key;
mod lag_text;
mod lags;
mod legible;
mod memory;
mod memory_rejections;
mod number;
mod order;
mod page;
mod partition_value;
mod place;
mod query;
mod range;
mod raw_object;
mod receipt;
mod record;
mod rejection;
mod rejection_count;
mod rejection_record;
mod rejections;
mod scan;
mod settling;
mod span;
mod split;
mod stats;
mod store;
mod store_error;
mod stream_count;
mod stream_list;
mod streams;
mod submission;
mod table;
mod time;
mod time_advice;
mod verify;

pub use batch::{split_array, split_lines};
pub use canonical::MAX_DEPTH;
pub use code::Code;
pub use event::{Event, MAX_BODY_BYTES, MAX_ENTITY_ID_BYTES};
pub use id::{BodyHash, EventId, ParseHashError, PayloadHash, RejectionKey};
pub use ingest::{ingest, read_raw};
pub use key::{ParseKeyError, Partition, RawKey, key_prefix};
pub use lag_text::{ParseLagError, parse_lag};
pub use lags::{LagCounts, Lags};
pub use legible::Legible;
pub use memory::{MemoryLedger, MemoryRawStore, MemoryStore};
pub use page::{Page, Position};
pub use partition_value::MAX_PARTITION_BYTES;
pub use place::Place;
pub use query::{Investigate, Query, QueryError};
pub use range::{Order, ParseOrderError, Range, Scope, Span};
pub use raw_object::RawObject;
pub use receipt::{MAX_REQUEST_ID_BYTES, Receipt, is_request_id};
pub use record::{Answer, CONTRACT, Outcome, Record, Status};
pub use rejection::{MAX_POINTER_BYTES, MAX_PROBLEMS, Problem, Rejection};
pub use rejection_count::{CountedCode, CountedUnder, Refusals, RejectedHour, RejectedHours, RejectedStream, hour_of};
pub use rejection_record::{
    KeptBody, KeptError, MAX_KEPT_BODY_BYTES, MAX_KEPT_ERRORS, MAX_KEPT_PATH_BYTES, RejectionPlace, RejectionQuery,
    RejectionRecord,
};
pub use rejections::{
    Evidence, MAX_LISTED_REJECTED_STREAMS, MAX_REJECTED_STREAMS, NotKept, RejectionBounds, RejectionPage, Rejections,
};
pub use settling::{Clock, FRESH_MS, SETTLING_MS};
pub use split::{SplitStore, ingest_batch};
pub use stats::{Bucket, BucketWidth, ParseWidthError, StatsQuery, Tally};
pub use store::{Claim, Commit, Ledger, Put, RawStore, Store};
pub use store_error::{Obstacle, StoreError};
pub use stream_count::count_stream;
pub use stream_list::{has_stream, list_streams};
pub use streams::{Stream, StreamTally, StreamTimes};
pub use submission::Submission;
pub use table::is_table_header;
pub use time::{EventTime, IngestTime, TimeError, TimeText};
pub use verify::{Filed, Finding, Inventory, Notice, Verification, verify};
