//! The wheels for Python, as installed: the package `pik-client`, and `pik` itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::js_targets::{self, RANDOM_EVENTS, SEED};
use super::{Suite, native};
use crate::command::{Run, found, program};
use crate::{setup, workspace};

pub(crate) const SUITE: Suite = Suite {
    name: "python",
    about: "both wheels in a fresh environment: vectors and random events against native Rust, types, the clients' tests",
    packages: super::no_packages,
    run,
};

/// What the tests need beside the wheels.
const FOR_TESTS: [&str; 6] =
    ["mypy==2.4.1", "pandas==3.1.1", "polars==2.1.0", "pyarrow==26.0.1", "pytest==9.2.0", "twine==7.0.0"];

fn run() -> Result<String> {
    if found("python3").is_none() {
        bail!("there is no python3 here; install Python 3.10 or newer with its venv module");
    }
    native::programs()?;
    let maturin = setup::python::maturin()?.join("maturin");
    let wheels = workspace::target().join("python/wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels)?;
    }
    // The program is the same in both profiles, and this one is built faster.
    for (manifest, profile) in [("hosts/python/Cargo.toml", "release"), ("cli/Cargo.toml", "dev")] {
        program(&maturin)
            .args(["build", "--manifest-path", manifest, "--profile", profile, "--out"])
            .arg(&wheels)
            .run()?;
    }

    let environment = workspace::target().join("python/environment");
    program("python3").args(["-m", "venv", "--clear"]).arg(&environment).run()?;
    let bin = environment.join("bin");
    let install = || {
        let mut pip = program(bin.join("pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]);
        pip
    };
    install().args(built(&wheels)?).run()?;
    // Before anything else is installed: the wheel brings what it needs.
    let vectors = js_targets::answers("vector-answers", &[])?;
    let random = js_targets::answers("random-events", &[RANDOM_EVENTS, SEED])?;
    let mut compared = String::new();
    let mut python = program(bin.join("python"));
    python.arg("tests/targets/wheel.py").args([vectors, random]);
    python.run_reading(|line| line.clone_into(&mut compared))?;

    install().args(FOR_TESTS).run()?;
    let inside = |name: &str| {
        let mut command = program(bin.join(name));
        command.current_dir(workspace::root().join("hosts/python"));
        command
    };
    // What PyPI would refuse to show.
    inside("twine").args(["check", "--strict"]).args(built(&wheels)?).run()?;
    inside("mypy").args(["python", "tests", "../../tests/targets/wheel.py"]).run()?;
    inside("python").args(["-m", "mypy.stubtest", "pik_client._core"]).run()?;
    let mut summary = String::new();
    inside("python")
        .args(["-m", "pytest", "--quiet"])
        .env("PIK_TEST_PIK", bin.join("pik"))
        .run_reading(|line| line.clone_into(&mut summary))?;
    let (passed, _) = summary.split_once(" passed").context("pytest told no count")?;
    Ok(format!("{compared}; {passed} tests against the server that pip installed"))
}

/// The wheels that were built.
fn built(folder: &Path) -> Result<Vec<PathBuf>> {
    let wheels: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    if wheels.len() != 2 {
        bail!("{} wheels were built, and two were to be", wheels.len());
    }
    Ok(wheels)
}
