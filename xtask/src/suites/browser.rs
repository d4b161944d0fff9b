//! The core in a page, alone and against a running server.

use anyhow::Result;

use super::{Suite, js_targets};
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "browser",
    about: "the wasm in headless Chromium against native Rust, and a page that posts to `pik serve`",
    run,
};

fn run() -> Result<String> {
    let targets = js_targets::ready()?;
    let chromium = setup::chromium::browser()?;
    let mut compared = targets.drive("wasm-chromium.mjs", &[&chromium])?;
    compared.extend(targets.drive("round-trip-chromium.mjs", &[&js_targets::pik()?, &chromium])?);
    Ok(compared.join("; "))
}
