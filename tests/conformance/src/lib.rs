#![doc = include_str!("../README.md")]

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
