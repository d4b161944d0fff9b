//! The store on S3 and DynamoDB, against servers that stand in for them.

use anyhow::{Result, bail};

use super::Suite;
use super::native::passed;
use crate::command::{Run, cargo};
use crate::stand_ins::{CLOUD_PACKAGES, StandIns};
use crate::workspace;

pub(crate) const SUITE: Suite =
    Suite { name: "aws", about: "S3 + DynamoDB: conformance, races, faults, crashes, init, verify, costs", run };

fn run() -> Result<String> {
    let stand_ins = StandIns::start()?;
    cargo().args(["build", "--bins", "--tests"]).args(CLOUD_PACKAGES).run()?;
    let mut tests = 0;
    let mut command = cargo();
    command
        .arg("test")
        .args(CLOUD_PACKAGES)
        .args(["--test", "stand_ins", "--", "--include-ignored", "--nocapture"])
        .env("PIK_TEST_BINARY", workspace::target().join("debug/pik"));
    stand_ins.tell(&mut command);
    command.run_reading(|line| tests += passed(line))?;
    if tests == 0 {
        bail!("no test was run");
    }
    Ok(format!("{tests} tests passed against {}", stand_ins.shown()))
}
