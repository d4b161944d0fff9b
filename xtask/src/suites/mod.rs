//! The test suites. Each installs what it needs, streams its output and ends in one line.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

mod aws;
mod browser;
mod cloud;
mod docs;
mod frameworks;
mod fuzz;
mod js_targets;
mod lambda;
mod native;
mod package;
mod purity;
mod reference;
mod wasm;
mod worker;

/// A group of tests that runs, passes and fails as one.
pub(crate) struct Suite {
    /// What one types after `cargo xtask test`.
    pub(crate) name: &'static str,
    /// What it shows when it passes.
    pub(crate) about: &'static str,
    /// Sets up what is missing, runs to the end, and returns what was run, in a few words.
    pub(crate) run: fn() -> Result<String>,
}

/// Every suite, in the order in which `cargo xtask test` runs them: the quick ones first.
pub(crate) const SUITES: &[Suite] = &[
    purity::SUITE,
    native::SUITE,
    reference::SUITE,
    docs::SUITE,
    wasm::SUITE,
    browser::SUITE,
    package::SUITE,
    frameworks::SUITE,
    worker::SUITE,
    aws::SUITE,
    lambda::SUITE,
    fuzz::SUITE,
];

/// Run test suites and end with `N passed, N failed`, counting suites.
#[derive(clap::Args)]
#[command(after_help = listing())]
pub(crate) struct Args {
    /// Only these suites; all of them when none is named.
    suites: Vec<String>,
}

/// Runs the suites that were asked for, all of them even when one fails.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    for name in &args.suites {
        if !SUITES.iter().any(|suite| suite.name == name) {
            bail!("there is no suite `{name}`; {}", listing());
        }
    }
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for suite in SUITES {
        if !args.suites.is_empty() && !args.suites.iter().any(|name| name == suite.name) {
            continue;
        }
        println!("\n== {}: {}", suite.name, suite.about);
        let start = Instant::now();
        let (word, what) = match (suite.run)() {
            Ok(what) => ("ok", what),
            Err(error) => {
                failed.push(suite.name);
                ("FAILED", format!("{error:#}"))
            }
        };
        let seconds = start.elapsed().as_secs_f32();
        let line = format!("{:<10} {word:<6} {seconds:>7.1} s  {what}", suite.name);
        println!("{line}");
        lines.push(line);
    }
    println!("\n{}", lines.join("\n"));
    for name in &failed {
        println!("re-run with: cargo xtask test {name}");
    }
    println!("{} passed, {} failed", lines.len() - failed.len(), failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listing() -> String {
    let mut text = String::from("suites:");
    for suite in SUITES {
        text += &format!("\n  {:<10} {}", suite.name, suite.about);
    }
    text
}
