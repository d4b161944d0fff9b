//! wasm-pack, and the programs it drives: wasm-bindgen's, at the version of the library in `Cargo.lock` (the two must be
//! equal), and wasm-opt. wasm-pack could install both by itself, but only from where not every machine can download.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Step, binaryen, cache, say, wasm};
use crate::command::{Run, cargo, program};
use crate::workspace;

pub(crate) const STEP: Step = Step {
    name: "wasm-pack",
    about: "wasm-pack, wasm-bindgen's tool and its test runner",
    run: || programs().map(|_| ()),
};

const VERSION: &str = "0.15.1";

/// `wasm-pack`, which will find cargo, wasm-bindgen and wasm-opt. The caller adds the subcommand and `--mode no-install`.
pub(crate) fn wasm_pack() -> Result<Command> {
    let mut command = program(programs()?.join("wasm-pack"));
    let wasm_opt = binaryen::wasm_opt()?;
    let optimiser = wasm_opt.parent().context("wasm-opt lies in a folder")?.to_owned();
    wasm::toolchain()?.select(&mut command, vec![bindgen()?, optimiser])?;
    Ok(command)
}

/// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner`.
pub(crate) fn bindgen() -> Result<PathBuf> {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let version = locked_version(&lock).context("Cargo.lock has no wasm-bindgen, so there is no version to install")?;
    // Not `--locked`: the crate's own lock file names versions that have been withdrawn.
    // Without TLS, which is there for downloads that are not used.
    installed("wasm-bindgen-cli", "wasm-bindgen", version, "--no-default-features")
}

/// The folder with `wasm-pack`.
fn programs() -> Result<PathBuf> {
    bindgen()?;
    installed("wasm-pack", "wasm-pack", VERSION, "--locked")
}

/// The folder of a program, which cargo installs from crates.io unless it is there.
fn installed(package: &str, name: &str, version: &str, flag: &str) -> Result<PathBuf> {
    let root = cache::folder()?.join(format!("{name}-{version}"));
    let bin = root.join("bin");
    let _alone = cache::lock(STEP.name)?;
    if !bin.join(name).is_file() {
        say(STEP.name, format_args!("installing {package} {version}, a few minutes"));
        install(package, version, flag, &root)?;
    }
    say(STEP.name, format_args!("{name} {version}"));
    Ok(bin)
}

fn install(package: &str, version: &str, flag: &str, root: &Path) -> Result<()> {
    // One folder for both, which have most dependencies in common.
    let target = workspace::target().join("tools");
    cargo()
        .args(["install", package, "--version", version, flag, "--root"])
        .arg(root)
        .env("CARGO_TARGET_DIR", target)
        .run()
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
