//! The store does what every store must do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test all through, outside its test functions too")]

mod bench;

use bench::SqliteBench;
use futures_executor::block_on;
use pik_conformance::{run, run_bounded_rejections, run_exact_queries, run_queries, run_rejections};

#[test]
fn sqlite_conforms() {
    let mut bench = SqliteBench::new().unwrap();
    for nonce in [1, 2] {
        let report = block_on(run(&mut bench, nonce, None));
        println!("{report}");
        report.assert();
    }
}

#[test]
fn sqlite_answers() {
    let mut bench = SqliteBench::new().unwrap();
    for nonce in [1, 2] {
        let report = block_on(run_queries(&mut bench, nonce, None));
        println!("{report}");
        report.assert();
    }
}

#[test]
fn sqlite_settles_exactly() {
    let mut bench = SqliteBench::new().unwrap();
    for nonce in [1, 2] {
        let report = block_on(run_exact_queries(&mut bench, nonce, None));
        println!("{report}");
        report.assert();
    }
}

#[test]
fn sqlite_keeps_evidence() {
    let mut bench = SqliteBench::new().unwrap();
    for nonce in [1, 2] {
        let report = block_on(run_rejections(&mut bench, nonce, None));
        println!("{report}");
        report.assert();
        block_on(run_bounded_rejections(&bench, nonce, None)).assert();
    }
}
