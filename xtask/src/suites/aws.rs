//! The store on S3 and DynamoDB, against servers that stand in for them.

use anyhow::{Result, bail};

use super::Suite;
use super::native::passed;
use crate::command::{Run, cargo};
use crate::stand_ins::StandIns;

pub(crate) const SUITE: Suite =
    Suite { name: "aws", about: "S3 + DynamoDB: conformance, races, faults, crashes, init, verify, costs", run };

fn run() -> Result<String> {
    let stand_ins = StandIns::start()?;
    let mut tests = 0;
    let mut command = cargo();
    command.args(["test", "--package", "pik-aws", "--", "--include-ignored", "--nocapture"]);
    stand_ins.tell(&mut command);
    command.run_reading(|line| tests += passed(line))?;
    if tests == 0 {
        bail!("no test was run");
    }
    Ok(format!("{tests} tests passed against {}", stand_ins.shown()))
}
