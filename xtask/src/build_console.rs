//! `cargo xtask build-console`: the web console's files, in `console/dist/`, from where the server takes them.

use anyhow::Result;

use crate::command::{Run, program};
use crate::{build_wasm, setup, workspace};

/// Build the web console in console/dist, which is committed.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Builds, and tells what came out.
pub(crate) fn run(_: &Args) -> Result<()> {
    build_wasm::build()?;
    build()?;
    eprintln!("built console/dist; commit it with what it was built from");
    Ok(())
}

/// Builds from an npm package that is there already.
pub(crate) fn build() -> Result<()> {
    setup::npm::install("console")?;
    program("npm").args(["run", "--silent", "build"]).current_dir(workspace::root().join("console")).run()
}
