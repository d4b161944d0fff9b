//! Tests of what is built with the AWS SDK, on stand-ins for its services.

use std::process::Command;

use anyhow::Result;

use super::native;
use crate::command;
use crate::stand_ins::StandIns;

/// Builds, starts the stand-ins, and runs one test crate to the end; what was run, in a few words.
pub(super) fn run(crate_name: &str, tell: impl FnOnce(&mut Command)) -> Result<String> {
    native::programs()?;
    let stand_ins = StandIns::start()?;
    let tests = native::test(|tests| {
        stand_ins.tell(tests);
        tell(tests);
        tests.args(["--test", crate_name, "--", "--include-ignored", "--nocapture"])
    })
    .inspect_err(|_| command::tell(stand_ins.complaints()))?;
    Ok(format!("{tests} tests passed against {}", stand_ins.shown()))
}
