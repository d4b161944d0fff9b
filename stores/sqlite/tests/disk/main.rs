//! Faults of the disk under a real store: writes and syncs that fail, and power cuts.
//!
//! A C library stands between the store and the operating system (`shim.c`). It is compiled here, and the tests run in a
//! process of their own that loads it first. Everything follows from a seed, printed at the start:
//!
//! | variable | meaning |
//! |---|---|
//! | `PIK_TEST_SEED` | repeats a run |
//! | `PIK_DISK_CASES` | how many cases each test tries, or `all` |
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test all through, outside its test functions too")]

mod faults;
mod power;
mod shim;
mod workload;
