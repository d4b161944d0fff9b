//! The Lambda host, behind an emulator of Lambda's Runtime API and on stand-ins for S3 and DynamoDB.

use anyhow::Result;

use super::{Suite, cloud};
use crate::command::{Run, program};
use crate::{setup, workspace};

pub(crate) const SUITE: Suite = Suite {
    name: "lambda",
    about: "the function behind each event source, its metrics and logs, the template",
    packages: super::no_packages,
    run,
};

fn run() -> Result<String> {
    let tools = setup::python::lambda()?;
    program(tools.join("cfn-lint")).arg("deploy/template.yaml").run()?;
    let passed = cloud::run("emulator", |command| {
        command
            .env("PIK_TEST_LAMBDA", workspace::target().join("debug/pik-lambda"))
            .env("PIK_TEST_CARGO_LAMBDA", tools.join("cargo-lambda"));
    })?;
    Ok(format!("{passed}, the template is sound"))
}
