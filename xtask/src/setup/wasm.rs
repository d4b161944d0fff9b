//! A toolchain that compiles to wasm32-unknown-unknown.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail};

pub(crate) use super::wasm_target::TARGET;
use super::wasm_target::has_target;
use super::{Step, apt, cache, debian_wasm, say};
use crate::command::{Run, cargo, found, program};

pub(crate) const STEP: Step =
    Step { name: "wasm", about: "a toolchain for wasm32-unknown-unknown", run: || toolchain().map(|_| ()) };

/// Which toolchain compiles to wasm32.
#[derive(Debug)]
pub(crate) enum Wasm {
    /// The one that runs this tool.
    Active,
    /// One whose programs lie in this folder.
    Separate(PathBuf),
}

impl Wasm {
    /// Its cargo. The caller says what to build and adds `--target` [`TARGET`].
    pub(crate) fn cargo(&self) -> Result<Command> {
        match self {
            Wasm::Active => Ok(cargo()),
            Wasm::Separate(bin) => {
                let mut cargo = program(bin.join("cargo"));
                self.select(&mut cargo, Vec::new())?;
                Ok(cargo)
            }
        }
    }

    /// Makes a program that calls cargo and rustc by itself find these, and what is in `folders`.
    pub(crate) fn select(&self, command: &mut Command, mut folders: Vec<PathBuf>) -> Result<()> {
        match self {
            Wasm::Active => {}
            Wasm::Separate(bin) => {
                folders.push(bin.clone());
                // Set by `cargo run` for the toolchain that runs this tool; its libraries are not these.
                for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
                    command.env_remove(name);
                }
            }
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&path)))
            .context("a tool's folder cannot stand in PATH")?;
        command.env("PATH", path);
        Ok(())
    }
}

/// The toolchain for wasm32, installed if there is none.
pub(crate) fn toolchain() -> Result<&'static Wasm> {
    static WASM: OnceLock<Wasm> = OnceLock::new();
    if let Some(wasm) = WASM.get() {
        return Ok(wasm);
    }
    let found = install()?;
    Ok(WASM.get_or_init(|| found))
}

/// The system packages that [`toolchain`] would install, unless rustup can add the target.
pub(crate) fn packages() -> Vec<&'static str> {
    if has_target(Path::new("rustc")) { Vec::new() } else { debian_wasm::missing() }
}

fn install() -> Result<Wasm> {
    let _alone = cache::lock(STEP.name)?;
    if has_target(Path::new("rustc")) {
        say(STEP.name, "the active toolchain has it");
        return Ok(Wasm::Active);
    }
    // Before rustup, which would wait in vain for its server each time.
    if let Some(bin) = debian_wasm::ready()? {
        say(STEP.name, format_args!("{} has it", bin.display()));
        return Ok(Wasm::Separate(bin));
    }
    if found("rustup").is_some() {
        let added = program("rustup").args(["target", "add", TARGET]).run_within(Duration::from_secs(45));
        match added {
            Ok(()) if has_target(Path::new("rustc")) => {
                say(STEP.name, "rustup added it to the active toolchain");
                return Ok(Wasm::Active);
            }
            Ok(()) => say(STEP.name, "rustup added it, but rustc does not find it"),
            Err(error) => say(STEP.name, format_args!("{error:#}")),
        }
    }
    if !apt::usable() {
        bail!("no toolchain for {TARGET}; run `rustup target add {TARGET}`");
    }
    say(STEP.name, "building it from Debian's packages");
    let bin = debian_wasm::build()?;
    say(STEP.name, format_args!("{} has it", bin.display()));
    Ok(Wasm::Separate(bin))
}
