//! `cargo xtask build-worker`: the Cloudflare Worker in `target/worker/`, where `deploy/wrangler.toml` looks for it.

use std::fs;
use std::path::{Path, PathBuf};

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
    let Size { bytes, compressed } = Size::of(&folder)?;
    println!("{}: {bytes} bytes, {compressed} gzipped", folder.display());
    Ok(())
}

/// What is uploaded.
pub(crate) struct Size {
    /// The module and the JavaScript.
    pub(crate) bytes: usize,
    /// What gzip makes of them: Cloudflare's limit is on that.
    pub(crate) compressed: usize,
}

impl Size {
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let mut size = Self { bytes: 0, compressed: 0 };
        for file in ["pik_worker_bg.wasm", "pik_worker.js", "index.js"].map(|name| folder.join(name)) {
            size.bytes += fs::read(&file)?.len();
            size.compressed += gzip(&file)?.len();
        }
        Ok(size)
    }
}

/// Builds the Worker and returns its folder.
pub(crate) fn worker() -> Result<PathBuf> {
    build("pik-worker", "worker")
}

/// Builds a package's program into a folder of `target/`: an optimised module, the JavaScript that goes with it, and the
/// entry.
pub(crate) fn build(package: &str, folder: &str) -> Result<PathBuf> {
    let target = setup::wasm::TARGET;
    setup::wasm::toolchain()?
        .cargo()?
        .args(["build", "--locked", "--package", package, "--bin", package, "--profile", "wasm", "--target", target])
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths()?)
        .run()?;
    let module = workspace::target().join(target).join("wasm").join(package).with_extension("wasm");
    let folder = workspace::root().join("target").join(folder);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    program(setup::wasm_pack::bindgen()?.join("wasm-bindgen"))
        .args(["--target", "web", "--no-typescript", "--omit-default-module-path", "--remove-producers-section"])
        .args(["--out-name", "pik_worker", "--out-dir"])
        .args([&folder, &module])
        .run()?;
    let bound = folder.join("pik_worker_bg.wasm");
    program(setup::binaryen::wasm_opt()?)
        .args(["-Oz", "--strip-debug", "--strip-target-features"])
        .arg(&bound)
        .arg("-o")
        .arg(&bound)
        .run()?;
    fs::copy(workspace::root().join("hosts/worker/js/index.js"), folder.join("index.js"))?;
    Ok(folder)
}

fn gzip(file: &Path) -> Result<Vec<u8>> {
    let mut gzip = program("gzip");
    let output = gzip.args(["-9", "-c"]).arg(file).output().context("`gzip` could not be started; is it installed?")?;
    if !output.status.success() {
        bail!("`{}` ended with {}", gzip.shown(), output.status);
    }
    Ok(output.stdout)
}
