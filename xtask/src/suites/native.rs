//! Everything that is built for this machine: one build with one set of features, and its tests.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Result, bail};

use super::Suite;
use crate::command::{Run, cargo};
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "native",
    about: "cargo test of every crate on this machine, without what needs services",
    packages: super::no_packages,
    run,
};

fn run() -> Result<String> {
    let tests = test(|command| command.arg("--no-fail-fast"))?;
    Ok(format!("{tests} tests passed"))
}

/// A command of cargo on the whole workspace with all its features. Cargo unites the features of what it is told to
/// build, so any other selection would build most dependencies again.
pub(super) fn everything(name: &str) -> Command {
    let mut command = cargo();
    command.args([name, "--workspace", "--features", "pik/aws,pik/otlp,pik/parquet"]);
    command
}

/// Builds all programs and tests, once for all suites, and returns the folder of the programs.
pub(super) fn programs() -> Result<PathBuf> {
    static BUILT: Mutex<bool> = Mutex::new(false);
    let mut built = BUILT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !*built {
        everything("test").arg("--no-run").run()?;
        *built = true;
    }
    Ok(workspace::target().join("debug"))
}

/// Runs tests of the one build and returns how many passed.
pub(super) fn test(adjust: impl FnOnce(&mut Command) -> &mut Command) -> Result<u64> {
    programs()?;
    let mut command = everything("test");
    let mut tests = 0;
    adjust(&mut command).run_reading(|line| tests += passed(line))?;
    if tests == 0 {
        bail!("no test was run");
    }
    Ok(tests)
}

/// The count in libtest's `test result: ok. 12 passed; 0 failed; …`, which comes once a test binary.
pub(super) fn passed(line: &str) -> u64 {
    line.strip_prefix("test result: ok. ")
        .and_then(|rest| rest.split_once(" passed"))
        .and_then(|(count, _)| count.parse().ok())
        .unwrap_or(0)
}
