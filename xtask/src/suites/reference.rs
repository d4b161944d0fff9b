//! The contract written a second time, in Python, against every vector and against the core's answers to random events.

use std::path::Path;

use anyhow::{Result, bail};

use super::Suite;
use super::js_targets::{RANDOM_EVENTS, SEED, answers};
use crate::command::{Run, found, program};

pub(crate) const SUITE: Suite = Suite {
    name: "reference",
    about: "an independent implementation in Python recomputes every vector and random events",
    packages: super::no_packages,
    run,
};

fn run() -> Result<String> {
    if found("python3").is_none() {
        bail!("there is no python3 here; install Python 3.10 or newer");
    }
    let random = answers("random-events", &[RANDOM_EVENTS, SEED])?;
    Ok([check(None)?, check(Some(&random))?].join("; "))
}

/// What it says at the end, of one file or of all vectors.
fn check(file: Option<&Path>) -> Result<String> {
    let mut summary = String::new();
    let mut python = program("python3");
    python.args(["tests/vectors/reference.py", "--check"]).args(file);
    python.run_reading(|line| line.clone_into(&mut summary))?;
    Ok(summary)
}
