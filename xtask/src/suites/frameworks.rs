//! The npm package in the tools that people build with.

use anyhow::Result;

use super::{Suite, js_targets};
use crate::command::{Run, program};
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "frameworks",
    about: "the installed npm package in Next.js, Jest, Vitest, esbuild, Vite, Bun, Deno and workers; attw and publint",
    packages: js_targets::browser_packages,
    run,
};

fn run() -> Result<String> {
    let targets = js_targets::ready()?;
    let chromium = setup::chromium::browser()?;
    for folder in ["tests/frameworks", "tests/frameworks/next-15", "tests/frameworks/next-16"] {
        setup::npm::install(folder)?;
    }
    program("node").args(["--test", "--test-reporter=spec", "tests/frameworks/where.test.mjs"]).run()?;
    // Not the folder of the suite `package`, which may run beside this one.
    let consumer = js_targets::consumer("frameworks");
    js_targets::node("install.mjs").arg(&consumer).run()?;
    let ways = targets.drive("../frameworks/run.mjs", &[&consumer, &chromium])?;
    Ok(format!("{} tools, all as native Rust", ways.len()))
}
