//! The server with durable answers, beside the same server over a store that stores nothing, and beside
//! PostgreSQL, Redis and NATS JetStream, each set so that its answer means the same.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pik_test_support::Server;

use super::load::{BATCH, Measured, Shape, load};
use super::nats::Nats;
use super::postgres::Postgres;
use super::process;
use super::rate::Rate;
use super::redis::Redis;
use super::{Args, Part};
use crate::command::{Run, cargo};
use crate::workspace;

pub(super) const PART: Part = Part {
    name: "server",
    about: "durable events a second over HTTP, beside a null store, PostgreSQL, Redis and NATS",
    run,
};

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

    let null = process::start(workspace::target().join("release/examples/null_store"), "warn", &["127.0.0.1:0"])?;
    let null_single = measure(&null, Shape::Single, seconds)?;
    let null_batch = measure(&null, Shape::Batch, seconds)?;
    drop(null);
    let single = durable(&folder.join("single"), "warn", Shape::Single, seconds)?;
    let logged = durable(&folder.join("logged"), "info", Shape::Single, seconds)?;
    let batch = durable(&folder.join("batch"), "warn", Shape::Batch, seconds)?;

    println!("| load | events/s | p50 | p99 | µs of processor an event | × null store | p99 × null store's |");
    println!("|---|---|---|---|---|---|---|");
    row("single, null store", &null_single, None);
    row("single, SQLite", &single, Some(&null_single));
    row("single, SQLite, `LOG_LEVEL=info`", &logged, Some(&null_single));
    row("batches of 100, null store", &null_batch, None);
    row("batches of 100, SQLite", &batch, Some(&null_batch));

    println!("\n| peer | events/s | µs of processor an event | SQLite's events/s × |");
    println!("|---|---|---|---|");
    {
        let postgres = Postgres::start(&folder)?;
        peer("PostgreSQL, primary key alone, single rows", postgres.rows(1, seconds)?, &single);
        peer("the same, transactions of 100 rows", postgres.rows(BATCH, seconds)?, &batch);
        postgres.with_indexes()?;
        peer("PostgreSQL with five indexes, single rows", postgres.rows(1, seconds)?, &single);
        peer("the same, transactions of 100 rows", postgres.rows(BATCH, seconds)?, &batch);
    }
    {
        let redis = Redis::start(&folder)?;
        peer("Redis, `appendfsync always`, single", redis.keys(1, seconds)?, &single);
        peer("the same, pipelines of 100", redis.keys(BATCH, seconds)?, &batch);
    }
    {
        let nats = Nats::start(&folder)?;
        peer("NATS JetStream, `sync_interval: always`, single", nats.events(1, seconds)?, &single);
        peer("the same, 100 before waiting", nats.events(BATCH, seconds)?, &batch);
    }

    memory(&folder.join("memory"))?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn row(name: &str, load: &Load, beside: Option<&Load>) {
    let ratios = beside.map_or("| | |".to_owned(), |null| {
        let (events, p99) = (load.rate.events_per_second, load.answers.p99_ms);
        format!("| {:.2} | {:.1} |", events / null.rate.events_per_second, p99 / null.answers.p99_ms)
    });
    let Load { rate, answers } = load;
    let (events, processor) = (rate.events_per_second, rate.processor_us);
    println!("| {name} | {events:.0} | {:.2} ms | {:.2} ms | {processor:.1} {ratios}", answers.p50_ms, answers.p99_ms);
}

fn peer(name: &str, rate: Rate, ours: &Load) {
    let ratio = ours.rate.events_per_second / rate.events_per_second;
    println!("| {name} | {:.0} | {:.1} | {ratio:.1} |", rate.events_per_second, rate.processor_us);
}

/// What a server did under load, and how long its answers took.
struct Load {
    rate: Rate,
    answers: Measured,
}

fn measure(server: &Server, shape: Shape, seconds: u64) -> Result<Load> {
    let mut answers = None;
    let rate = Rate::of(server.id(), || {
        let measured = load(&server.address().to_string(), shape, seconds)?;
        Ok(answers.insert(measured).events)
    })?;
    Ok(Load { rate, answers: answers.context("the load was not measured")? })
}

fn durable(folder: &Path, level: &str, shape: Shape, seconds: u64) -> Result<Load> {
    measure(&process::pik(folder, level)?, shape, seconds)
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
