//! The core as WebAssembly, without a browser.

use anyhow::{Context, Result};

use super::{Suite, js_targets};
use crate::command::{Run, program};
use crate::setup::wasm_pack::wasm_pack;
use crate::{setup, workspace};

pub(crate) const SUITE: Suite = Suite {
    name: "wasm",
    about: "the bindings' and the npm package's own tests, and the wasm in Node.js and workerd against native Rust",
    packages: setup::wasm::packages,
    run,
};

fn run() -> Result<String> {
    let targets = js_targets::ready()?;
    wasm_pack()?.args(["test", "--mode", "no-install", "--node", "hosts/wasm"]).run()?;
    let package = workspace::root().join("pkg");
    let mut passed = None;
    program("npm")
        .args(["run", "--silent", "test"])
        .current_dir(&package)
        .run_reading(|line| passed = count(line).or(passed.take()))?;
    let passed = passed.context("Node's test runner told no count")?;
    js_targets::lines(program("node").args(["--test", "--test-reporter=spec", "tests/targets/check.test.mjs"]))?;
    let mut compared = targets.drive("wasm-node.mjs", &[])?;
    compared.extend(targets.drive("wasm-workerd.mjs", &[])?);
    Ok(format!("{passed} tests of the package; {}", compared.join("; ")))
}

/// The count in the line `# pass 51` of Node's test runner.
fn count(line: &str) -> Option<String> {
    let (_, count) = line.split_once(" pass ")?;
    count.parse::<u32>().is_ok_and(|count| count > 0).then(|| count.to_owned())
}
