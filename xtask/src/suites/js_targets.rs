//! What the suites of JavaScript targets share: the package, the cases with native Rust's answers, and the drivers in
//! `tests/targets/`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::command::{Run, cargo, program};
use crate::{build_wasm, setup, workspace};

pub(super) const RANDOM_EVENTS: &str = "20000";
pub(super) const SEED: &str = "1";

/// What there is to run drivers with.
pub(super) struct Targets {
    vectors: PathBuf,
    random: PathBuf,
}

/// Builds the package and writes the cases, once for all suites.
pub(super) fn ready() -> Result<&'static Targets> {
    static TARGETS: OnceLock<Targets> = OnceLock::new();
    if let Some(targets) = TARGETS.get() {
        return Ok(targets);
    }
    build_wasm::build()?;
    setup::npm::install("tests/targets")?;
    let targets =
        Targets { vectors: answers("vector-answers", &[])?, random: answers("random-events", &[RANDOM_EVENTS, SEED])? };
    Ok(TARGETS.get_or_init(|| targets))
}

/// What a program of `tests/` prints: bodies and native Rust's answers.
pub(super) fn answers(name: &str, args: &[&str]) -> Result<PathBuf> {
    let folder = workspace::target().join("targets");
    fs::create_dir_all(&folder)?;
    let file = folder.join(name).with_extension("jsonl");
    let out = File::create(&file).with_context(|| file.display().to_string())?;
    cargo().args(["run", "--quiet", "--package", "pik-tests", "--bin", name, "--"]).args(args).stdout(out).run()?;
    Ok(file)
}

impl Targets {
    /// Runs a driver on the cases, behind arguments of its own, and returns its summary lines.
    pub(super) fn drive(&self, script: &str, args: &[&Path]) -> Result<Vec<String>> {
        lines(node(script).args(args).args([&self.vectors, &self.random]))
    }
}

/// A driver.
pub(super) fn node(script: &str) -> Command {
    let mut node = program("node");
    node.arg(format!("tests/targets/{script}"));
    node
}

/// The lines that a driver prints, at least one.
pub(super) fn lines(driver: &mut Command) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    driver.run_reading(|line| lines.push(line.to_owned()))?;
    if lines.is_empty() {
        bail!("`{}` printed nothing", driver.shown());
    }
    Ok(lines)
}

/// Where the package is installed as its users install it.
pub(super) fn consumer() -> PathBuf {
    workspace::target().join("targets/consumer")
}

/// The server's program, built.
pub(super) fn pik() -> Result<PathBuf> {
    cargo().args(["build", "--quiet", "--package", "pik"]).run()?;
    Ok(workspace::target().join("debug/pik"))
}
