//! A short run of every fuzz target; `cargo fuzz run --sanitizer none TARGET` runs one for longer.

use std::process::Command;

use anyhow::{Result, bail};

use super::{Suite, native};
use crate::command::{Run, program};
use crate::{setup, workspace};

pub(crate) const SUITE: Suite = Suite {
    name: "fuzz",
    about: "15 s of each fuzz target: no input panics, hangs or eats the memory",
    packages: super::no_packages,
    run,
};

fn run() -> Result<String> {
    let fuzz = setup::fuzz::cargo_fuzz()?;
    // Only a fuzzing engine and the core are linked, and the core has no unsafe code: a sanitizer would
    // find nothing and needs a nightly compiler.
    let cargo_fuzz = |command: &str| -> Command {
        let mut cargo_fuzz = program(&fuzz);
        cargo_fuzz.args(["fuzz", command]);
        cargo_fuzz
    };
    let listing = cargo_fuzz("list").read()?;
    let targets: Vec<&str> = listing.lines().collect();
    if targets.is_empty() {
        bail!("fuzz/ has no targets");
    }
    program(native::programs()?.join("fuzz-seeds")).arg("fuzz/seeds").run()?;
    cargo_fuzz("build").args(["--sanitizer", "none"]).run()?;
    for target in &targets {
        // What is found goes to the first folder.
        let corpus = format!("fuzz/corpus/{target}");
        std::fs::create_dir_all(workspace::root().join(&corpus))?;
        let mut command = cargo_fuzz("run");
        command.args(["--sanitizer", "none", target]).arg(corpus).arg(format!("fuzz/seeds/{target}"));
        command.args(["--", "-max_total_time=15", "-timeout=5", "-rss_limit_mb=1024"]);
        command.arg(format!("-dict=fuzz/{target}.dict"));
        // Only the counts, not each new find.
        command.args(["-verbosity=0", "-print_final_stats=1"]);
        command.run()?;
    }
    Ok(format!("{} targets: {}", targets.len(), targets.join(", ")))
}
