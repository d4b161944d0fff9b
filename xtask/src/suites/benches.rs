//! Benchmarks still run, on little work and without the optimiser. What they measure here means nothing.

use anyhow::{Result, bail};

use super::{Suite, native};
use crate::command::Run;

pub(crate) const SUITE: Suite = Suite {
    name: "benches",
    about: "each benchmark runs to its end on little work",
    packages: super::no_packages,
    run,
};

/// Each benchmark with what it is told, and what it prints at least.
const BENCHES: [(&str, &[&str], &str); 4] = [
    ("event", &["--turns=1"], "| many keys |"),
    ("ingest", &["batch", "2000"], "batch"),
    ("growth", &["2400", "3"], "after SIGKILL"),
    ("plain", &["2000"], "plain: "),
];

fn run() -> Result<String> {
    native::programs()?;
    for (name, args, printed) in BENCHES {
        let mut found = false;
        let mut command = native::everything("test");
        command.args(["--bench", name, "--"]).args(args);
        command.run_reading(|line| found |= line.contains(printed))?;
        if !found {
            bail!("the benchmark `{name}` prints no `{printed}`");
        }
    }
    Ok(BENCHES.map(|(name, ..)| name).join(", "))
}
