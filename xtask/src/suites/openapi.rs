//! `/openapi.json` and the server hold each other: schemathesis makes requests of every kind out of the document, and
//! clients that are generated from it ingest and ask.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use pik_test_support::Server;

use super::{Suite, generated_clients, native, no_packages, stock_clients};
use crate::command::Run;
use crate::setup::python;
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "openapi",
    about: "/openapi.json against a server: all checks of schemathesis, generated clients, urllib and Node.js",
    packages: no_packages,
    run,
};

/// Enough to reach each kind of request in a minute; the seed makes them the same ones in every run.
const OPTIONS: [&str; 6] =
    ["--checks=all", "--max-examples=10", "--seed=1", "--no-color", "--request-timeout=30", "--max-failures=20"];

fn run() -> Result<String> {
    let programs = native::programs()?;
    let tools = python::schemathesis()?;
    let folder = workspace::target().join("openapi");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let log = folder.join("server.log");
    let mut command = Command::new(programs.join("pik"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "data"]).current_dir(&folder);
    command.stderr(fs::File::create(&log)?);
    let server = Server::start(&mut command).with_context(|| format!("see {}", log.display()))?;
    let settings = workspace::root().join("tests/openapi");
    Command::new(tools.join("schemathesis"))
        .arg("--config-file")
        .arg(settings.join("schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", server.url())])
        .args(OPTIONS)
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", &settings)
        .current_dir(&folder)
        .run()?;
    stock_clients::read_refusals(&server.url())?;
    generated_clients::ingest(&folder, &server.url())?;
    Ok("every request that the document allows and forbids is answered as it says; two generated clients ingest"
        .to_owned())
}
