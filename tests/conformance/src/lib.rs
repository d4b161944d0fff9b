#![doc = include_str!("../README.md")]

mod batch;
mod bench;
mod clock;
mod dry_run;
mod extremes;
mod halves;
mod lookup;
mod occurrence;
mod queries;
mod race;
mod raw_bytes;
mod rejections;
mod report;
mod sample;
mod suite;

pub use bench::{Bench, QueryBench, SplitBench};
pub use clock::BenchClock;
pub use report::Report;
pub use suite::{
    run, run_bounded_rejections, run_exact_queries, run_queries, run_rejections, run_split, run_split_queries,
    run_without_event_times,
};
