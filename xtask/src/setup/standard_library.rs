//! Rust's standard library for other machines than this one.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{Run, found, program};

/// Makes sure that the active toolchain can build for the target, with rustup if it must.
pub(crate) fn install(target: &str) -> Result<()> {
    let folder = program("rustc").args(["--print", "target-libdir", "--target", target]).read();
    let folder = folder.with_context(|| format!("rustc does not know {target}"))?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    if found("rustup").is_none() {
        bail!("there is no standard library for {target}; install one, or build for this machine's own architecture");
    }
    program("rustup").args(["target", "add", target]).run_within(Duration::from_secs(120))
}
