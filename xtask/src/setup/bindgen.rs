//! wasm-bindgen's command line tool, at the version of the library in `Cargo.lock`: the two must be equal.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Step, cache, say};
use crate::command::{Run, cargo};
use crate::workspace;

pub(crate) const STEP: Step = Step { name: "bindgen", about: "wasm-bindgen's command line tool and test runner", run };

/// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner`.
pub(crate) fn programs() -> Result<PathBuf> {
    let lock = lock()?;
    let version = locked_version(&lock).context("Cargo.lock has no wasm-bindgen, so there is no version to install")?;
    let tools = cache::folder()?.join(format!("wasm-bindgen-{version}"));
    let bin = tools.join("bin");
    if !bin.join("wasm-bindgen").is_file() {
        say(STEP.name, format_args!("installing wasm-bindgen-cli {version}, a few minutes"));
        cargo()
            // Not `--locked`: the crate's own lock file names versions that have been withdrawn.
            // Without TLS, which is there for downloads that are not used.
            .args(["install", "wasm-bindgen-cli", "--version", version, "--no-default-features", "--root"])
            .arg(&tools)
            .run()?;
    }
    say(STEP.name, format_args!("wasm-bindgen {version}"));
    Ok(bin)
}

fn run() -> Result<()> {
    if locked_version(&lock()?).is_none() {
        say(STEP.name, "no crate here uses it");
        return Ok(());
    }
    programs().map(|_| ())
}

fn lock() -> Result<String> {
    Ok(std::fs::read_to_string(workspace::root().join("Cargo.lock"))?)
}

fn locked_version(lock: &str) -> Option<&str> {
    let (_, package) = lock.split_once("name = \"wasm-bindgen\"\nversion = \"")?;
    package.split_once('"').map(|(version, _)| version)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_that_of_the_library_itself() {
        let lock = "[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"…\"\n";
        assert_eq!(super::locked_version(lock), Some("0.2.130"));
        assert_eq!(super::locked_version("name = \"serde\"\nversion = \"1.0.0\"\n"), None);
    }
}
