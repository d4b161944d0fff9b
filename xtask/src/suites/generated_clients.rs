//! Clients that people generate from `/openapi.json`, in Python and TypeScript. They compile, ingest and ask.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command::{Run, program};
use crate::setup::{npm, python};
use crate::workspace;

const SOURCES: &str = "tests/openapi/clients";

/// Generates both from the document at `url`, within `folder`, and runs their tests against that server.
pub(super) fn ingest(folder: &Path, url: &str) -> Result<()> {
    let document = format!("{url}/openapi.json");
    in_python(&folder.join("python"), &document, url)?;
    in_typescript(&folder.join("typescript"), &document, url)
}

fn in_python(folder: &Path, document: &str, url: &str) -> Result<()> {
    let tools = python::openapi_client()?;
    fs::create_dir_all(folder)?;
    Command::new(tools.join("openapi-python-client"))
        .args(["generate", "--meta=none", "--output-path=generated", "--url", document])
        // It calls `ruff`, which lies beside it, by name.
        .env("PATH", &tools)
        .current_dir(folder)
        .run()?;
    // Beside the generated package, so that Python finds it.
    fs::copy(workspace::root().join(SOURCES).join("ingest.py"), folder.join("ingest.py"))?;
    Command::new(tools.join("python")).args(["ingest.py", url]).current_dir(folder).run()
}

fn in_typescript(folder: &Path, document: &str, url: &str) -> Result<()> {
    npm::install(SOURCES)?;
    let sources = workspace::root().join(SOURCES);
    let tool = |name: &str| Command::new(sources.join("node_modules/.bin").join(name));
    fs::create_dir_all(folder)?;
    for name in ["ingest.mts", "package.json", "tsconfig.json"] {
        fs::copy(sources.join(name), folder.join(name))?;
    }
    let modules = folder.join("node_modules");
    std::os::unix::fs::symlink(sources.join("node_modules"), modules)?;
    tool("openapi-typescript").args([document, "--output", "api.d.ts"]).current_dir(folder).run()?;
    tool("tsc").args(["--project", "."]).current_dir(folder).run()?;
    program("node").args(["ingest.mjs", url]).current_dir(folder).run()
}
