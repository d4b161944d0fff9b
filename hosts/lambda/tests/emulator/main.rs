//! The function behind an emulator that speaks Lambda's Runtime API, on what stands in for S3 and DynamoDB:
//! `cargo xtask test lambda` starts all of it.
//!
//! `PIK_TEST_LAMBDA` is the function's program, `PIK_TEST_CARGO_LAMBDA` the emulator's.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of this is tests, the functions that they share too")]

mod cold_start;
mod emulator;
mod payload;
mod sources;
