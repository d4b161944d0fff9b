//! What every store must do, as plain async functions: SQLite, S3 with DynamoDB, R2 with D1 and the in-memory
//! reference all run the same checks.
//!
//! A store's tests implement [`Bench`] (and [`SplitBench`], when the store consists of two halves), then
//!
//! ```
//! # use pik_conformance::{Bench, run};
//! # async fn test<B: Bench>(mut bench: B) {
//! let report = run(&mut bench, 0x5eed, None).await;
//! println!("{report}");
//! report.assert();
//! # }
//! ```
//!
//! A store that answers investigators also runs [`run_queries`].
//!
//! The nonce keeps runs apart that share a store: every event and receipt carries it.

mod batch;
mod bench;
mod dry_run;
mod extremes;
mod halves;
mod occurrence;
mod queries;
mod race;
mod raw_bytes;
mod report;
mod sample;
mod suite;

pub use bench::{Bench, QueryBench, SplitBench};
pub use report::Report;
pub use suite::{run, run_queries, run_split, run_split_queries};
