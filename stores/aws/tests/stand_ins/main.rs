//! The store against S3 and DynamoDB, or what stands in for them: `cargo xtask test aws` starts both.
//!
//! `PIK_TEST_S3_URL`, `PIK_TEST_DYNAMODB_URL` and `PIK_TEST_SQS_URL` say where they are; region and credentials are the SDK's own variables.
//! `PIK_TEST_BINARY` is a `pik` built with the feature `aws`.
//! Buckets and tables are made anew for each test and left behind. `PIK_TEST_SEED` repeats a run's faults; the order of
//! requests under load is not the seed's, so neither is every detail.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of this is tests, the functions that they share too")]

mod backups;
mod bench;
mod cli;
mod conformance;
mod cost;
mod event_times;
mod faults;
mod init;
mod invariants;
mod lake;
mod midnight;
mod mutants;
mod processes;
mod proxy;
mod queue;
mod reads;
mod stand;
mod template;
mod units;
mod verify;
