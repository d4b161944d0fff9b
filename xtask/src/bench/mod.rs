//! The numbers of BENCHMARKS.md. Each part prints a table in Markdown; ratios are of one run.

use anyhow::{Result, bail};

mod attack;
mod core;
mod lambda;
mod load;
mod nats;
mod postgres;
mod process;
mod processor_time;
mod queries;
mod rate;
mod redis;
mod server;
mod worker;

/// A group of measurements that is made in one run.
struct Part {
    name: &'static str,
    about: &'static str,
    run: fn(&Args) -> Result<()>,
}

const PARTS: &[Part] = &[core::PART, server::PART, queries::PART, attack::PART, lambda::PART, worker::PART];

/// Measure, on a machine that is otherwise quiet.
#[derive(clap::Args)]
#[command(after_help = listing())]
pub(crate) struct Args {
    /// Only these parts; all of them when none is named.
    parts: Vec<String>,

    /// How long each measurement of the server takes, in seconds.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

/// Runs the parts that were asked for, and stops at the first that fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    for name in &args.parts {
        if !PARTS.iter().any(|part| part.name == name) {
            bail!("there is no benchmark `{name}`; {}", listing());
        }
    }
    for part in PARTS {
        if args.parts.is_empty() || args.parts.iter().any(|name| name == part.name) {
            println!("\n== {}: {}", part.name, part.about);
            (part.run)(args)?;
        }
    }
    Ok(())
}

fn listing() -> String {
    let lines = PARTS.iter().map(|part| format!("\n  {:<10} {}", part.name, part.about));
    format!("benchmarks:{}", lines.collect::<String>())
}
