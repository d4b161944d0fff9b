//! The Worker in workerd, the engine of Cloudflare's: on R2 and D1, and as a gate in front of `pik serve`.

use anyhow::{Context, Result, bail};

use super::{Suite, js_targets};
use crate::build_worker::{self, Size};
use crate::command::{Run, cargo, program};
use crate::setup;

pub(crate) const SUITE: Suite = Suite {
    name: "worker",
    about: "the Worker in workerd: conformance, HTTP cases, vectors, races, faults, restart, gate, migrations, Wrangler",
    packages: setup::wasm::packages,
    run,
};

/// The most bytes, gzipped, that are uploaded: a guard against what gets in unnoticed, a little above what it has. Cloudflare
/// takes 3 MB on the free plan; what is larger also starts later.
const MOST_BYTES: usize = 520_000;

/// What is run with `node --test`.
const TESTS: [&str; 5] = ["conformance", "events", "faults", "gate", "wrangler"];

fn run() -> Result<String> {
    setup::npm::install("tests/targets")?;
    let Size { compressed, .. } = Size::of(&build_worker::worker()?)?;
    if compressed > MOST_BYTES {
        bail!("the Worker has {compressed} bytes gzipped, over {MOST_BYTES}");
    }
    build_worker::build("pik-worker-conformance", "worker-conformance")?;
    let pik = js_targets::pik()?;
    let mut passed = None;
    program("node")
        // Side by side: they wait for Wrangler and workerd most of the time.
        .args(["--test", "--test-reporter=tap", "--test-concurrency=2"])
        .args(TESTS.map(|name| format!("tests/targets/worker/{name}.test.mjs")))
        .env("PIK", &pik)
        .run_reading(|line| passed = counted(line).or(passed))?;
    let passed = passed.context("Node's test runner told no count")?;
    for mode in ["store", "gate"] {
        cases(mode, &pik)?;
    }
    Ok(format!(
        "{passed} tests, the HTTP cases and vectors on R2 and D1 and through the gate; {compressed} bytes gzipped"
    ))
}

/// The cases that every host passes, and all vectors.
fn cases(mode: &str, pik: &std::path::Path) -> Result<()> {
    let mut tests = 0;
    js_targets::node("worker/with-worker.mjs")
        .arg(mode)
        .arg(pik)
        .arg(cargo().get_program())
        .args(["test", "--workspace", "--features", "pik/aws,pik/otlp,pik/parquet", "--test", "pik", "cases::"])
        .run_reading(|line| tests += super::native::passed(line))?;
    if tests < 2 {
        bail!("the cases were not run");
    }
    Ok(())
}

/// The count in the line `# pass 51` of Node's test runner.
fn counted(line: &str) -> Option<u32> {
    line.strip_prefix("# pass ")?.parse().ok().filter(|count| *count > 0)
}
