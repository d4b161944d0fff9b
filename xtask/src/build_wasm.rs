//! `cargo xtask build-wasm`: the core as WebAssembly, in `pkg/wasm/`, and the npm package around it, in `pkg/dist/`.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{Run, program};
use crate::{setup, workspace};

/// Build the npm package in pkg/: the wasm, the bundles and the types.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Builds, and tells what came out.
pub(crate) fn run(_: &Args) -> Result<()> {
    build()?;
    eprintln!("built pkg/wasm and pkg/dist; `npm pack ./pkg` makes the package");
    Ok(())
}

/// Builds all that `npm pack` takes along.
pub(crate) fn build() -> Result<()> {
    // Into a folder of its own, and without a `.gitignore`, which npm would take for a list of what not to pack.
    setup::wasm_pack::wasm_pack()?
        .args(["build", "hosts/wasm", "--mode", "no-install", "--target", "web", "--profile", "npm"])
        .args(["--no-pack", "--no-gitignore", "--out-name", "pik_wasm", "--out-dir"])
        .arg(workspace::root().join("pkg/wasm"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags()?)
        .run()?;
    setup::npm::install("pkg")?;
    program("node").arg("pkg/build.mjs").run()
}

/// SHA-256 takes two thirds of the time with SIMD. Functions that are inlined a little more than for the least size, 5, make
/// the module faster and, packed, smaller.
fn flags() -> Result<OsString> {
    let mut flags = remapped_paths()?;
    flags.push("\u{1f}-Ctarget-feature=+simd128\u{1f}-Cllvm-args=--inline-threshold=25");
    Ok(flags)
}

/// Panics name source files, and a package must not tell where those lie on this machine.
pub(crate) fn remapped_paths() -> Result<OsString> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home);
    let cargo_home = cargo_home.context("neither CARGO_HOME nor HOME is set")?;
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(cargo_home);
    // The unit separator that cargo wants between flags.
    flags.push("=cargo\u{1f}--remap-path-prefix=");
    flags.push(workspace::root());
    flags.push("=.");
    Ok(flags)
}
