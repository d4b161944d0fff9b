//! `cargo xtask build-worker`: the Cloudflare Worker in `target/worker/`, where `deploy/wrangler.toml` looks for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::build_wasm::remapped_paths;
use crate::command::{Run, program};
use crate::{setup, workspace};

/// Build the Cloudflare Worker into target/worker/, for wrangler.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Builds, and tells how large it is.
pub(crate) fn run(_: &Args) -> Result<()> {
    let folder = worker()?;
    let module = folder.join("pik_worker_bg.wasm");
    let size = fs::metadata(&module)?.len();
    let compressed = gzip(&module)?;
    println!("{}: {size} bytes, {compressed} gzipped", module.display());
    Ok(())
}

/// Builds the Worker and returns its folder.
pub(crate) fn worker() -> Result<PathBuf> {
    let folder = workspace::root().join("target/worker");
    build("pik-worker", &folder)?;
    fs::copy(workspace::root().join("hosts/worker/js/index.js"), folder.join("index.js"))?;
    Ok(folder)
}

/// Builds a package into a folder: an optimised module, and the JavaScript that loads it.
pub(crate) fn build(package: &str, folder: &Path) -> Result<()> {
    let target = setup::wasm::TARGET;
    setup::wasm::toolchain()?
        .cargo()?
        .args(["build", "--package", package, "--lib", "--profile", "wasm", "--target", target])
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths()?)
        .run()?;
    let name = package.replace('-', "_");
    let module = workspace::target().join(target).join("wasm").join(&name).with_extension("wasm");
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    program(setup::bindgen::programs()?.join("wasm-bindgen"))
        .args(["--target", "web", "--no-typescript", "--omit-default-module-path", "--remove-producers-section"])
        .arg("--out-dir")
        .args([folder, &module])
        .run()?;
    let bound = folder.join(format!("{name}_bg.wasm"));
    program(setup::binaryen::wasm_opt()?)
        .args(["-Oz", "--strip-debug", "--strip-target-features"])
        .arg(&bound)
        .arg("-o")
        .arg(&bound)
        .run()
}

/// How many bytes are uploaded, about: Cloudflare's limit is on what gzip makes of a Worker.
fn gzip(file: &Path) -> Result<usize> {
    let output = program("gzip").args(["-9", "-c"]).arg(file).stderr(Stdio::inherit()).output();
    let output = output.context("`gzip` could not be started; is it installed?")?;
    if !output.status.success() {
        bail!("`gzip` ended with {}", output.status);
    }
    Ok(output.stdout.len())
}
