//! The server with durable answers, beside the same server over a store that stores nothing, and beside PostgreSQL.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::load::{BATCH, Measured, Shape, load};
use super::postgres::Postgres;
use super::process;
use super::{Args, Part};
use crate::command::{Run, cargo};
use crate::workspace;

pub(super) const PART: Part =
    Part { name: "server", about: "durable events a second over HTTP, beside a null store and PostgreSQL", run };

fn run(args: &Args) -> Result<()> {
    cargo()
        .args(["build", "--release", "--quiet", "--package", "pik", "--package", "pik-server", "--bins", "--examples"])
        .run()?;
    let folder = workspace::target().join("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let seconds = args.seconds;

    let (null_single, null_batch) = {
        let null = process::start(workspace::target().join("release/examples/null_store"), "warn", &["127.0.0.1:0"])?;
        (
            load(&null.address().to_string(), Shape::Single, seconds)?,
            load(&null.address().to_string(), Shape::Batch, seconds)?,
        )
    };
    let single = durable(&folder.join("single"), "warn", Shape::Single, seconds)?;
    let logged = durable(&folder.join("logged"), "info", Shape::Single, seconds)?;
    let batch = durable(&folder.join("batch"), "warn", Shape::Batch, seconds)?;
    let (postgres_single, postgres_batch) = {
        let postgres = Postgres::start(&folder)?;
        (postgres.rows_per_second(1, seconds)?, postgres.rows_per_second(BATCH, seconds)?)
    };

    println!("| load | events/s | p50 | p99 | × null store | × PostgreSQL |");
    println!("|---|---|---|---|---|---|");
    row("single, null store", &null_single, None);
    row("single, SQLite", &single, Some((&null_single, postgres_single)));
    row("single, SQLite, a log line for each", &logged, Some((&null_single, postgres_single)));
    row("batches of 100, null store", &null_batch, None);
    row("batches of 100, SQLite", &batch, Some((&null_batch, postgres_batch)));
    println!("| single rows, PostgreSQL | {postgres_single:.0} | | | | |");
    println!("| transactions of 100 rows, PostgreSQL | {postgres_batch:.0} | | | | |");

    memory(&folder.join("memory"))?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn row(name: &str, measured: &Measured, beside: Option<(&Measured, f64)>) {
    let ratios = beside.map_or("| |".to_owned(), |(null, postgres)| {
        let events = measured.events_per_second;
        format!("| {:.2} | {:.1} |", events / null.events_per_second, events / postgres)
    });
    println!("| {name} | {:.0} | {} | {} {ratios}", measured.events_per_second, measured.p50, measured.p99);
}

fn durable(folder: &Path, level: &str, shape: Shape, seconds: u64) -> Result<Measured> {
    let server = process::pik(folder, level)?;
    load(&server.address().to_string(), shape, seconds)
}

/// Resident memory under a minute of single events and a minute of batches.
fn memory(folder: &Path) -> Result<()> {
    println!("\n| resident memory, MiB | after 10 s | after 30 s | after 60 s | peak |");
    println!("|---|---|---|---|---|");
    for (name, shape) in [("single", Shape::Single), ("batches of 100", Shape::Batch)] {
        let server = process::pik(&folder.join(name), "warn")?;
        let address = server.address().to_string();
        let loading = thread::spawn(move || load(&address, shape, 60));
        let start = Instant::now();
        let mut samples = Vec::new();
        while !loading.is_finished() {
            samples.push((start.elapsed(), process::resident_mib(&server)?));
            thread::sleep(Duration::from_millis(250));
        }
        loading.join().ok().context("the load generator died")??;
        let after = |seconds: u64| {
            let sample = samples.iter().take_while(|(at, _)| at.as_secs() < seconds).last();
            sample.map_or(0.0, |(_, mib)| *mib)
        };
        let peak = samples.iter().map(|(_, mib)| *mib).fold(0.0, f64::max);
        println!("| {name} | {:.1} | {:.1} | {:.1} | {peak:.1} |", after(10), after(30), after(60));
    }
    Ok(())
}
