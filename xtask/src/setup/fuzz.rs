//! cargo-fuzz, which builds and drives the targets in `fuzz/`.

use std::path::PathBuf;

use anyhow::Result;

use super::{Step, cache, say};
use crate::command::{Run, cargo, found};

pub(crate) const STEP: Step = Step { name: "fuzz", about: "cargo-fuzz", run: || cargo_fuzz().map(|_| ()) };

const VERSION: &str = "0.13.2";

/// The program `cargo-fuzz`; its first argument is `fuzz`.
pub(crate) fn cargo_fuzz() -> Result<PathBuf> {
    if let Some(program) = found("cargo-fuzz") {
        say(STEP.name, format_args!("{}", program.display()));
        return Ok(program);
    }
    let tools = cache::folder()?.join(format!("cargo-fuzz-{VERSION}"));
    let program = tools.join("bin/cargo-fuzz");
    let _alone = cache::lock(STEP.name)?;
    if !program.is_file() {
        say(STEP.name, format_args!("installing cargo-fuzz {VERSION}"));
        cargo().args(["install", "--locked", "--version", VERSION, "cargo-fuzz", "--root"]).arg(&tools).run()?;
    }
    say(STEP.name, format_args!("{}", program.display()));
    Ok(program)
}
