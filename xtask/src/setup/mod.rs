//! What the suites and builds need beyond Rust itself, each thing installed once.
//!
//! A step does nothing when its thing is already there, says one line either way, and tells what to
//! install by hand when it cannot.

use anyhow::{Result, bail};

use crate::command::tell;

pub(crate) mod apt;
mod cache;
mod debian_wasm;

pub(crate) mod binaryen;
pub(crate) mod chromium;
pub(crate) mod fuzz;
pub(crate) mod npm;
pub(crate) mod python;
pub(crate) mod standard_library;
pub(crate) mod syslog_ng;
pub(crate) mod wasm;
pub(crate) mod wasm_pack;
mod wasm_target;

/// One thing that can be made available.
pub(crate) struct Step {
    /// What one types after `cargo xtask setup`.
    pub(crate) name: &'static str,
    /// What it makes available, in a few words.
    pub(crate) about: &'static str,
    /// Installs it unless it is there.
    pub(crate) run: fn() -> Result<()>,
}

/// Every step, in the order in which `cargo xtask setup` takes them.
pub(crate) const STEPS: &[Step] = &[
    wasm::STEP,
    wasm_pack::STEP,
    npm::STEP,
    binaryen::STEP,
    chromium::STEP,
    fuzz::STEP,
    syslog_ng::STEP,
    python::STAND_INS_STEP,
    python::LAMBDA_STEP,
    python::DUCKDB_STEP,
    python::LAKE_STEP,
    python::SCHEMATHESIS_STEP,
    python::OPENAPI_CLIENT_STEP,
    python::TYPOS_STEP,
    python::MATURIN_STEP,
    python::STATIC_STEP,
    python::PACKAGES_STEP,
    python::LINTERS_STEP,
];

/// Make available what suites and builds need; what is there already is left alone.
#[derive(clap::Args)]
#[command(after_help = listing())]
pub(crate) struct Args {
    /// Only these steps; all of them when none is named.
    steps: Vec<String>,
}

/// Runs the steps that were asked for and stops at the first that fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    for name in &args.steps {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step `{name}`; {}", listing());
        }
    }
    for step in STEPS {
        if args.steps.is_empty() || args.steps.iter().any(|name| name == step.name) {
            (step.run)()?;
        }
    }
    Ok(())
}

/// The one line that a step says.
pub(crate) fn say(step: &str, what: impl std::fmt::Display) {
    tell(format_args!("setup {step}: {what}"));
}

fn listing() -> String {
    let mut text = String::from("steps:");
    for step in STEPS {
        text += &format!("\n  {:<10} {}", step.name, step.about);
    }
    text
}
