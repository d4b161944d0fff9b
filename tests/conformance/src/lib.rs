#![doc = include_str!("../README.md")]

mod batch;
mod bench;
mod clock;
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
pub use clock::BenchClock;
pub use report::Report;
pub use suite::{run, run_exact_queries, run_queries, run_split, run_split_queries};
