//! The Lambda host, behind an emulator of Lambda's Runtime API and on stand-ins for S3 and DynamoDB.

use anyhow::{Result, bail};

use super::Suite;
use super::native::passed;
use crate::command::{Run, cargo, program};
use crate::stand_ins::{CLOUD_PACKAGES, StandIns};
use crate::{setup, workspace};

pub(crate) const SUITE: Suite =
    Suite { name: "lambda", about: "the function behind each event source, its metrics and logs, the template", run };

fn run() -> Result<String> {
    let tools = setup::python::lambda()?;
    program(tools.join("cfn-lint")).arg("deploy/template.yaml").run()?;
    let stand_ins = StandIns::start()?;
    cargo().args(["build", "--bins", "--tests"]).args(CLOUD_PACKAGES).run()?;
    let mut tests = 0;
    let mut command = cargo();
    command
        .arg("test")
        .args(CLOUD_PACKAGES)
        .args(["--test", "emulator", "--", "--include-ignored", "--nocapture"])
        .env("PIK_TEST_LAMBDA", workspace::target().join("debug/pik-lambda"))
        .env("PIK_TEST_CARGO_LAMBDA", tools.join("cargo-lambda"));
    stand_ins.tell(&mut command);
    command.run_reading(|line| tests += passed(line))?;
    if tests == 0 {
        bail!("no test was run");
    }
    Ok(format!("{tests} tests passed against {}, the template is sound", stand_ins.shown()))
}
