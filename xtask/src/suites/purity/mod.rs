//! The core stays pure: no I/O, clock, randomness, runtime or floating point gets in.
//!
//! `core/clippy.toml` says the same about single functions. Here it is the dependencies, the words of
//! the source and the compiled module that are looked at.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

use super::Suite;
use crate::command::{Run, cargo, program};
use crate::{setup, workspace};

mod source;

pub(crate) const SUITE: Suite = Suite {
    name: "purity",
    about: "the core has no I/O, clock, randomness, runtime or floats, and compiles to wasm32",
    packages: setup::wasm::packages,
    run,
};

/// What the core may name in its `Cargo.toml`.
const DEPENDENCIES: [&str; 6] = ["bytes", "chrono", "futures-util", "serde", "serde_json", "sha2"];

/// What must not come in behind those, by a feature that is switched on.
const FORBIDDEN: [&str; 12] = [
    "futures-executor",
    "getrandom",
    "iana-time-zone",
    "js-sys",
    "mio",
    "rand",
    "rand_core",
    "socket2",
    "tokio",
    "wasm-bindgen",
    "web-sys",
    "web-time",
];

/// chrono's features that read the machine's clock; not all of them need a further crate.
const CLOCKS: [&str; 3] = ["clock", "now", "wasmbind"];

fn run() -> Result<String> {
    let dependencies = check_dependencies()?;
    let files = source::check()?;
    let bytes = check_module()?;
    Ok(format!("{dependencies} dependencies, {files} source files, {bytes} bytes of wasm without imports"))
}

fn check_dependencies() -> Result<usize> {
    let tree = |depth: &str| -> Result<String> {
        cargo()
            .args(["tree", "--package", "pik-core", "--edges", "normal,build"])
            .args(["--target", "all", "--prefix", "none", "--format", "{p} {f}"])
            .args(["--depth", depth])
            .read()
    };
    let direct = tree("1")?;
    for line in direct.lines().skip(1) {
        let name = first_word(line);
        if !DEPENDENCIES.contains(&name) {
            bail!("core depends on `{name}`; it may depend on {} alone", DEPENDENCIES.join(", "));
        }
        // The line is `name vVERSION feature,feature`.
        let features = line.split(' ').nth(2).unwrap_or_default();
        if name == "chrono"
            && let Some(clock) = features.split(',').find(|feature| CLOCKS.contains(feature))
        {
            bail!("core's chrono has the feature `{clock}`, a clock; switch it off");
        }
    }
    let whole = tree("99")?;
    let names: BTreeSet<&str> = whole.lines().skip(1).map(first_word).collect();
    for name in &names {
        if FORBIDDEN.contains(name) {
            bail!("`{name}` is among core's dependencies; `cargo tree -p pik-core --target all -i {name}` says why");
        }
    }
    Ok(names.len())
}

fn first_word(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// Compiles the core to a module of its own and has an engine list what it asks of its host.
///
/// Nothing calls the core there, so the linker would drop all of it: it is told to keep everything,
/// and the engine's side fails on a module without the core in it.
fn check_module() -> Result<u64> {
    let target = setup::wasm::TARGET;
    setup::wasm::toolchain()?
        .cargo()?
        .args(["rustc", "--package", "pik-core", "--lib", "--crate-type", "cdylib"])
        .args(["--target", target, "--"])
        .args(["-Clink-dead-code", "-Clink-arg=--no-gc-sections"])
        .run()?;
    let module = workspace::target().join(target).join("debug/pik_core.wasm");
    program("node")
        .arg("xtask/src/suites/purity/no_imports.mjs")
        .args([module.as_os_str(), "pik_core".as_ref()])
        .run()?;
    let size = std::fs::metadata(&module).with_context(|| format!("{} is missing", module.display()))?;
    Ok(size.len())
}
