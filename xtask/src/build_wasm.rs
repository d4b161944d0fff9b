//! `cargo xtask build-wasm`: the core as WebAssembly, in `pkg/wasm/`, and the npm package around it, in `pkg/dist/`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

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
    let module = compile()?;
    let made = workspace::target().join("npm-wasm");
    bind(&module, &made)?;
    optimise(&made)?;
    setup::npm::install("pkg")?;
    program("node").arg("pkg/build.mjs").run()
}

fn compile() -> Result<PathBuf> {
    let target = setup::wasm::TARGET;
    setup::wasm::toolchain()?
        .cargo()?
        .args(["build", "--package", "pik-wasm", "--profile", "npm", "--target", target])
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths()?)
        .run()?;
    Ok(workspace::target().join(target).join("npm/pik_wasm.wasm"))
}

/// Panics name source files, and where those lie on this machine is nobody's business.
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

/// Writes the module as JavaScript will load it, and the JavaScript and types that go with it.
fn bind(module: &Path, made: &Path) -> Result<()> {
    program(setup::bindgen::programs()?.join("wasm-bindgen"))
        .args(["--target", "web"])
        // Each platform's entry finds the file in its own way.
        .arg("--omit-default-module-path")
        .arg("--remove-producers-section")
        .arg("--out-dir")
        .args([made, module])
        .run()
}

/// Optimises for size, into the package. An engine has the last word on the result: wasm-opt's exit code says little.
fn optimise(made: &Path) -> Result<()> {
    let package = workspace::root().join("pkg/wasm");
    fs::create_dir_all(&package)?;
    program(setup::binaryen::wasm_opt()?)
        .args(["-Oz", "--strip-debug", "--strip-target-features"])
        .arg(made.join("pik_wasm_bg.wasm"))
        .arg("-o")
        .arg(package.join("pik_wasm_bg.wasm"))
        .run()?;
    for file in ["pik_wasm.js", "pik_wasm.d.ts"] {
        fs::copy(made.join(file), package.join(file))?;
    }
    Ok(())
}
