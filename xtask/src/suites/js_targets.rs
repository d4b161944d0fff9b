//! What the suites of JavaScript targets share: the package, the cases with native Rust's answers, and the drivers in
//! `tests/targets/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Result, bail};

use super::native;

use crate::command::{Run, program};
use crate::{build_wasm, setup, workspace};

pub(super) const RANDOM_EVENTS: &str = "20000";
pub(super) const SEED: &str = "1";

/// What there is to run drivers with.
#[derive(Clone)]
pub(super) struct Targets {
    vectors: PathBuf,
    random: PathBuf,
}

/// Builds the package and writes the cases, once for all suites.
pub(super) fn ready() -> Result<Targets> {
    static TARGETS: Mutex<Option<Targets>> = Mutex::new(None);
    // Held while the package is built, so that a second suite waits for it.
    let mut ready = TARGETS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(targets) = &*ready {
        return Ok(targets.clone());
    }
    build_wasm::build()?;
    setup::npm::install("tests/targets")?;
    let targets =
        Targets { vectors: answers("vector-answers", &[])?, random: answers("random-events", &[RANDOM_EVENTS, SEED])? };
    Ok(ready.insert(targets).clone())
}

/// What a program of `tests/` prints: bodies and native Rust's answers.
pub(super) fn answers(name: &str, args: &[&str]) -> Result<PathBuf> {
    let folder = workspace::target().join("targets");
    fs::create_dir_all(&folder)?;
    let file = folder.join(name).with_extension("jsonl");
    // Another suite may be reading the file; it says the same each time.
    let written = file.with_extension(format!("{:?}", std::thread::current().id()));
    program(native::programs()?.join(name)).args(args).run_into(&written)?;
    fs::rename(written, &file)?;
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

/// The system packages that suites with a browser would install.
pub(super) fn browser_packages() -> Vec<&'static str> {
    [setup::wasm::packages(), setup::chromium::packages()].concat()
}

/// Where the package is installed as its users install it.
pub(super) fn consumer(suite: &str) -> PathBuf {
    workspace::target().join("targets/consumer").join(suite)
}

/// The server's program, built.
pub(super) fn pik() -> Result<PathBuf> {
    Ok(native::programs()?.join("pik"))
}
