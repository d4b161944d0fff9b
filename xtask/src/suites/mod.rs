//! The test suites. Each installs what it needs and ends in one line.
//!
//! Three suites run beside each other: while some wait for a service, a browser or a clock, the others compute. Each has
//! a log, which is printed when the suite ends. A suite that runs alone prints as it goes.

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command::{log_to, tell};
use crate::setup::apt;
use crate::workspace;

mod aws;
mod benches;
mod browser;
mod cloud;
mod console;
mod dist;
mod docs;
mod docs_sql;
mod frameworks;
mod fuzz;
mod generated_clients;
mod instructions;
mod js_targets;
mod lake;
mod lambda;
mod lint;
mod native;
mod openapi;
mod operate;
mod package;
mod purity;
mod python;
mod reference;
mod senders;
mod soak;
mod stock_clients;
mod wasm;
mod worker;

/// A group of tests that runs, passes and fails as one.
pub(crate) struct Suite {
    /// What one types after `cargo xtask test`.
    pub(crate) name: &'static str,
    /// What it shows when it passes.
    pub(crate) about: &'static str,
    /// The system packages that it would install, because they are missing.
    pub(crate) packages: fn() -> Vec<&'static str>,
    /// Sets up what is missing, runs to the end, and returns what was run, in a few words.
    pub(crate) run: fn() -> Result<String>,
}

/// For a suite that needs no system package.
pub(crate) fn no_packages() -> Vec<&'static str> {
    Vec::new()
}

/// Every suite, in the order in which `cargo xtask test` starts them: the long ones first, so that none is left over.
pub(crate) const SUITES: &[Suite] = &[
    native::SUITE,
    soak::SUITE,
    wasm::SUITE,
    frameworks::SUITE,
    aws::SUITE,
    worker::SUITE,
    package::SUITE,
    dist::SUITE,
    lambda::SUITE,
    browser::SUITE,
    console::SUITE,
    python::SUITE,
    docs::SUITE,
    operate::SUITE,
    lake::SUITE,
    openapi::SUITE,
    fuzz::SUITE,
    instructions::SUITE,
    benches::SUITE,
    lint::SUITE,
    purity::SUITE,
    reference::SUITE,
    senders::SUITE,
];

/// Run test suites and end with `N passed, N failed`, counting suites.
#[derive(clap::Args)]
#[command(after_help = listing())]
pub(crate) struct Args {
    /// Only these suites; all of them when none is named
    suites: Vec<String>,

    /// How many suites run beside each other
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    jobs: u8,

    /// Install no system packages; suites that need some fail and name them
    #[arg(long)]
    no_system_packages: bool,
}

/// Runs the suites that were asked for, all of them even when one fails.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    for name in &args.suites {
        if !SUITES.iter().any(|suite| suite.name == name) {
            bail!("there is no suite `{name}`; {}", listing());
        }
    }
    let asked = |suite: &&Suite| args.suites.is_empty() || args.suites.iter().any(|name| name == suite.name);
    let suites: Vec<&Suite> = SUITES.iter().filter(asked).collect();
    announce_packages(&suites, args.no_system_packages);
    if suites.len() == SUITES.len() {
        warn_of_little_disk();
    }
    let ended = match suites.as_slice() {
        [suite] => vec![alone(suite)],
        suites => beside_each_other(suites, usize::from(args.jobs))?,
    };
    let failed: Vec<&Ended> = ended.iter().filter(|ended| !ended.passed).collect();
    println!();
    for suite in &ended {
        println!("{}", suite.line);
    }
    for suite in &failed {
        println!("re-run with: cargo xtask test {}", suite.name);
    }
    println!("{} passed, {} failed", ended.len() - failed.len(), failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says what will be installed on the system before anything is.
fn announce_packages(suites: &[&Suite], forbidden: bool) {
    apt::forbid(forbidden);
    let mut packages: Vec<&str> = suites.iter().flat_map(|suite| (suite.packages)()).collect();
    packages.sort_unstable();
    packages.dedup();
    if !packages.is_empty() && !forbidden {
        println!("will install with apt-get, because they are missing: {}", packages.join(" "));
        println!("(`--no-system-packages` installs none; other tools go into ~/.cache/pik and node_modules)");
    }
}

/// What all suites write in a clean clone, and some room.
const DISK_BYTES: u64 = 25_000_000_000;

/// A disk that fills up fails whichever suite writes at that moment, which says little of the cause.
fn warn_of_little_disk() {
    let Ok(disk) = rustix::fs::statvfs(workspace::root()) else { return };
    let free = disk.f_bavail * disk.f_frsize;
    if free < DISK_BYTES {
        let (free, whole) = (free / 1_000_000_000, DISK_BYTES / 1_000_000_000);
        println!("warning: {free} GB of disk are free, and all suites of a clean clone take up to {whole} GB");
    }
}

/// How a suite ended.
struct Ended {
    name: &'static str,
    passed: bool,
    line: String,
}

fn alone(suite: &Suite) -> Ended {
    tell(format_args!("\n== {}: {}", suite.name, suite.about));
    let start = Instant::now();
    let (passed, word, what) = match (suite.run)() {
        Ok(what) => (true, "ok", what),
        Err(error) => (false, "FAILED", format!("{error:#}")),
    };
    let seconds = start.elapsed().as_secs_f32();
    let line = format!("{:<12} {word:<6} {seconds:>7.1} s  {what}", suite.name);
    tell(&line);
    Ended { name: suite.name, passed, line }
}

/// Runs suites on as many threads as there are jobs, and returns them in the order in which they ended.
fn beside_each_other(suites: &[&Suite], jobs: usize) -> Result<Vec<Ended>> {
    let folder = workspace::target().join("test-logs");
    std::fs::create_dir_all(&folder)?;
    println!("logs are in {} while suites run", folder.display());
    let waiting = Mutex::new(suites.iter());
    let ended = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        loop {
            let next = waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
            let Some(suite) = next else { return Ok(()) };
            println!("{} started", suite.name);
            let log = folder.join(suite.name).with_extension("log");
            let one = logged(suite, &log)?;
            // The lock keeps what two suites print apart.
            let mut ended = ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::io::copy(&mut File::open(&log)?, &mut std::io::stdout().lock())?;
            ended.push(one);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.min(suites.len())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a suite's thread panicked"))
    })?;
    Ok(ended.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Runs a suite with its output in a file.
fn logged(suite: &Suite, log: &PathBuf) -> Result<Ended> {
    log_to(File::create(log).with_context(|| log.display().to_string())?);
    Ok(alone(suite))
}

fn listing() -> String {
    let mut text = String::from("suites:");
    for suite in SUITES {
        text += &format!("\n  {:<12} {}", suite.name, suite.about);
    }
    text
}
