//! How large the Worker is, and how long it takes to start.

use anyhow::Result;

use super::{Args, Part};
use crate::command::{Run, program};
use crate::{build_worker, setup};

pub(super) const PART: Part = Part { name: "worker", about: "size and start of the Worker", run };

fn run(_: &Args) -> Result<()> {
    let folder = build_worker::worker()?;
    let size = build_worker::Size::of(&folder)?;
    setup::npm::install("tests/targets")?;
    println!("| | |\n|---|---|");
    println!("| module and JavaScript, bytes | {} |", size.bytes);
    println!("| the same, gzipped | {} |", size.compressed);
    program("node").arg("tests/targets/worker/startup.mjs").run()
}
