//! The default members' own tests on this machine.

use anyhow::{Result, bail};

use super::Suite;
use crate::command::{Run, cargo};

pub(crate) const SUITE: Suite =
    Suite { name: "native", about: "cargo test of everything that needs no cloud, wasm or Node tool", run };

fn run() -> Result<String> {
    let mut tests = 0;
    cargo().args(["test", "--no-fail-fast"]).run_reading(|line| tests += passed(line))?;
    if tests == 0 {
        bail!("no test was run");
    }
    Ok(format!("{tests} tests passed"))
}

/// The count in libtest's `test result: ok. 12 passed; 0 failed; …`, which comes once a test binary.
pub(super) fn passed(line: &str) -> u64 {
    line.strip_prefix("test result: ok. ")
        .and_then(|rest| rest.split_once(" passed"))
        .and_then(|(count, _)| count.parse().ok())
        .unwrap_or(0)
}
