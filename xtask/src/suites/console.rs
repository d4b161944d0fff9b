//! The web console in a browser, on a real server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Suite, js_targets};
use crate::command::{Run, program};
use crate::{build_console, setup, workspace};

pub(crate) const SUITE: Suite = Suite {
    name: "console",
    about: "the web console in headless Chromium on `pik serve`; its committed files are those that its source builds",
    packages: js_targets::browser_packages,
    run,
};

/// Two compilers may make different modules of one source, so its bytes are not compared: the page computes ids with it.
const WASM: &str = "pik_wasm_bg.wasm";

fn run() -> Result<String> {
    js_targets::ready()?;
    let chromium = setup::chromium::browser()?;
    // The server has the committed files in it, so it is built before they are built again.
    let pik = js_targets::pik()?;
    let dist = workspace::root().join("console/dist");
    let committed = files(&dist)?;
    build_console::build()?;
    let built = files(&dist)?;
    for (name, content) in &committed {
        // Whoever runs a test finds the files as they were.
        fs::write(dist.join(name), content)?;
    }
    let differing: Vec<&str> = committed
        .keys()
        .chain(built.keys())
        .filter(|name| *name != WASM && committed.get(*name) != built.get(*name))
        .map(String::as_str)
        .collect();
    if !differing.is_empty() {
        bail!(
            "console/dist is not what console/src builds ({}); run `cargo xtask build-console`",
            differing.join(", ")
        );
    }
    let mut summary = String::new();
    program("node")
        .arg("console/test/console.test.mjs")
        .args([&pik, &chromium, &workspace::target().join("console")])
        .run_reading(|line| line.clone_into(&mut summary))?;
    Ok(summary)
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_str().context("a file's name is not UTF-8")?.to_owned();
            Ok((name, fs::read(entry.path())?))
        })
        .collect()
}
