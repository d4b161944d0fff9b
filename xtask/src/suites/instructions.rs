//! How many instructions it takes to parse an event and compute its id, counted by callgrind.
//!
//! Counts are the same from run to run and from machine to machine, as long as compiler and C library are: valgrind's
//! processor has no SHA instructions, and the C library is told to use none of its faster copies.
//! `PIK_RENEW=1 cargo xtask test instructions` writes the counts of a change that is meant.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Suite;
use crate::command::{Run, cargo, found, program, tell};
use crate::setup::apt;
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "instructions",
    about: "parsing and id take at most 3 % more instructions than core/benches/instructions.txt says",
    packages: || if found("valgrind").is_some() { Vec::new() } else { vec!["valgrind"] },
    run,
};

const INPUTS: [&str; 3] = ["small", "unsorted", "numbers"];
const BASELINE: &str = "core/benches/instructions.txt";

fn run() -> Result<String> {
    if found("valgrind").is_none() {
        apt::install(SUITE.name, &["valgrind"])?;
    }
    let bench = build()?;
    let compiler = program("rustc").arg("--version").read()?;
    let mut counts = format!("{}\n", compiler.trim());
    for input in INPUTS {
        let _ = writeln!(counts, "{input} {}", count(&bench, input)?);
    }
    tell(&counts);
    let place = workspace::root().join(BASELINE);
    if std::env::var_os("PIK_RENEW").is_some() {
        std::fs::write(&place, &counts)?;
        return Ok(format!("{BASELINE} is written"));
    }
    compare(&std::fs::read_to_string(&place).context(BASELINE)?, &counts)
}

/// Builds the optimised benchmark and returns where it lies.
fn build() -> Result<PathBuf> {
    let mut bench = None;
    let mut command = cargo();
    command.args(["bench", "--package", "pik-core", "--bench", "instructions", "--no-run"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    for line in command.read()?.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if message["target"]["name"] == "instructions"
            && let Some(executable) = message["executable"].as_str()
        {
            bench = Some(PathBuf::from(executable));
        }
    }
    bench.context("cargo built no benchmark `instructions`")
}

fn count(bench: &Path, input: &str) -> Result<u64> {
    let output = program("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*parse_and_id*"])
        .arg("--callgrind-out-file=/dev/null")
        .arg(bench)
        .arg(input)
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load")
        .output()
        .context("`valgrind` could not be started")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.filter(|count| *count > 1_000).with_context(|| format!("callgrind counted nothing:\n{text}"))
}

/// Compares counts, each a line below the compiler's version.
fn compare(before: &str, now: &str) -> Result<String> {
    let (compiler, before) = before.split_once('\n').context("an empty list of counts")?;
    let (this, now) = now.split_once('\n').context("no count")?;
    let number = |line: &str| -> Result<f64> { Ok(line.split_once(' ').context("a line without a count")?.1.parse()?) };
    let mut shown = Vec::new();
    let mut worse = false;
    for (old, new) in before.lines().zip(now.lines()) {
        let (old, count) = (number(old)?, number(new)?);
        // Counts are whole numbers below 2^53, so this is exact.
        worse |= count * 100.0 > old * 103.0;
        let change = (count / old - 1.0) * 100.0;
        shown.push(format!("{new} ({change:+.2} %)"));
    }
    let shown = shown.join(", ");
    if compiler != this {
        return Ok(format!("{shown}; not compared, the counts are of {compiler}"));
    }
    if worse || before.lines().count() != now.lines().count() {
        bail!("more instructions than {BASELINE} says: {shown}; `PIK_RENEW=1` writes it anew if that is meant");
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn three_per_cent_more_is_too_much() {
        let counts = |small: u32| format!("rustc 1\nsmall {small}\n");
        assert!(compare(&counts(1000), &counts(1030)).is_ok());
        assert!(compare(&counts(1000), &counts(900)).is_ok());
        assert!(compare(&counts(1000), &counts(1031)).is_err());
        assert!(compare(&counts(1000), "rustc 1\n").is_err());
        let other = compare(&counts(1000), "rustc 2\nsmall 2000\n").unwrap();
        assert!(other.contains("not compared"), "{other}");
    }
}
