//! `pik` as a program that needs no library of the machine that it runs on.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{Order, Release, Target};
use crate::build_wasm::remapped_paths;
use crate::command::{Run, program};
use crate::{setup, workspace};

/// Builds it and returns where it is.
pub(super) fn build(target: Target, order: &Order, release: &Release) -> Result<PathBuf> {
    let tools = setup::python::static_build()?;
    setup::standard_library::install(target.triple())?;
    // The linker is found through the Python that it is installed in.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools.clone()].into_iter().chain(std::env::split_paths(&path)))?;
    program(tools.join("cargo-zigbuild"))
        .args(["zigbuild", "--locked", "--package", "pik", "--profile", &order.profile, "--features", &order.features])
        .args(["--target", target.triple()])
        .env("PATH", path)
        .env("CARGO_ENCODED_RUSTFLAGS", remapped_paths()?)
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", &release.epoch)
        .run()?;
    let profile = if order.profile == "dev" { "debug" } else { &order.profile };
    let program = workspace::target().join(target.triple()).join(profile).join("pik");
    if !program.is_file() {
        bail!("{} is missing", program.display());
    }
    Ok(program)
}
