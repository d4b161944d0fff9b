//! The npm package as its users have it: packed, installed, and loaded in every way there is.

use anyhow::Result;

use super::{Suite, js_targets};
use crate::command::{Run, program};
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "package",
    about: "the installed npm package: import, require, tsc, pages, Vite, webpack, Wrangler, its README",
    packages: js_targets::browser_packages,
    run,
};

fn run() -> Result<String> {
    let targets = js_targets::ready()?;
    let chromium = setup::chromium::browser()?;
    let consumer = js_targets::consumer("package");
    js_targets::node("install.mjs").arg(&consumer).run()?;
    // What npm would be given, as npm sees it.
    program("npm").args(["publish", "./pkg", "--dry-run", "--ignore-scripts"]).run()?;
    let mut ways = targets.drive("package.mjs", &[&consumer, &chromium])?;
    let readme = [consumer, chromium, js_targets::pik()?];
    ways.extend(js_targets::lines(js_targets::node("readme.mjs").args(readme))?);
    Ok(format!("{} ways to use the package, all as native Rust", ways.len()))
}
