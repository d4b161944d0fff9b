//! Tests of what is built with the AWS SDK, on stand-ins for its services.

use std::process::Command;

use anyhow::{Result, bail};

use super::native::passed;
use crate::command::{Run, cargo};
use crate::stand_ins::{CLOUD_PACKAGES, StandIns};

/// Starts the stand-ins, builds, and runs one test crate to the end; what was run, in a few words.
pub(super) fn run(crate_name: &str, tell: impl FnOnce(&mut Command)) -> Result<String> {
    let stand_ins = StandIns::start()?;
    cargo().args(["build", "--bins", "--tests"]).args(CLOUD_PACKAGES).run()?;
    let mut tests = 0;
    let mut command = cargo();
    command.arg("test").args(CLOUD_PACKAGES);
    command.args(["--test", crate_name, "--", "--include-ignored", "--nocapture"]);
    stand_ins.tell(&mut command);
    tell(&mut command);
    command.run_reading(|line| tests += passed(line))?;
    if tests == 0 {
        bail!("no test was run");
    }
    Ok(format!("{tests} tests passed against {}", stand_ins.shown()))
}
