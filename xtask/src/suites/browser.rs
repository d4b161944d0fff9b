//! The core in a page, alone and against a running server.

use anyhow::Result;

use super::{Suite, js_targets};
use crate::command::Run;
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "browser",
    about: "the wasm in headless Chromium against native Rust; pages that post to `pik serve`, keep a queue or are left; examples/form",
    packages: js_targets::browser_packages,
    run,
};

fn run() -> Result<String> {
    let targets = js_targets::ready()?;
    let chromium = setup::chromium::browser()?;
    setup::wasm_pack::wasm_pack()?
        .args(["test", "--mode", "no-install", "--headless", "--chrome", "--chromedriver"])
        .arg(setup::chromium::driver()?)
        .arg("hosts/wasm")
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .run()?;
    let mut compared = targets.drive("wasm-chromium.mjs", &[&chromium])?;
    let pik = js_targets::pik()?;
    compared.extend(targets.drive("round-trip-chromium.mjs", &[&pik, &chromium])?);
    setup::npm::install("examples/form")?;
    for script in ["leaving.mjs", "queue-chromium.mjs", "form.mjs"] {
        compared.extend(js_targets::lines(js_targets::node(script).args([&pik, &chromium]))?);
    }
    Ok(compared.join("; "))
}
