//! How fast the store alone takes distinct events of about 300 bytes.
//!
//! `cargo bench -p pik-sqlite -- [single|batch] [EVENTS] [ROWS_BEFORE] [FOLDER]`: `single` has 64 events in flight, each
//! on its own; `batch` has 8 batches of 100. With ROWS_BEFORE, that many other events are stored first.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and prints")]

mod load;

use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_executor::LocalPool;
use futures_util::task::LocalSpawnExt;
use load::{cpu_time, resident, submissions};
use pik_core::{Outcome, Store, Submission};
use pik_sqlite::{Options, SqliteStore};

fn fill(store: &SqliteStore, rows: u64) {
    let step = 1000;
    for from in (0..rows).step_by(step as usize) {
        for answer in futures_executor::block_on(store.ingest_batch(submissions(from, step.min(rows - from)))) {
            assert_eq!(answer.unwrap().status, Outcome::Accepted);
        }
    }
}

/// The time that `workers` tasks of one thread take, each handing in the next `size` events as soon as its last ones
/// are answered, and the latencies they see.
fn measure(store: Rc<SqliteStore>, events: Vec<Submission>, workers: usize, size: usize) -> (Duration, Vec<Duration>) {
    let mut jobs: Vec<Vec<Submission>> = Vec::new();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        jobs.push(events.by_ref().take(size).collect());
    }
    let jobs = Rc::new(Cell::new(jobs));
    let latencies = Rc::new(Cell::new(Vec::new()));
    let mut pool = LocalPool::new();
    let start = Instant::now();
    for _ in 0..workers {
        let (store, jobs, latencies) = (Rc::clone(&store), Rc::clone(&jobs), Rc::clone(&latencies));
        let work = async move {
            loop {
                let mut left = jobs.take();
                let job = left.pop();
                jobs.set(left);
                let Some(mut job) = job else { break };
                let start = Instant::now();
                if size == 1 {
                    let answer = store.ingest(job.pop().unwrap()).await;
                    assert_eq!(answer.unwrap().status, Outcome::Accepted);
                } else {
                    for answer in store.ingest_batch(job).await {
                        assert_eq!(answer.unwrap().status, Outcome::Accepted);
                    }
                }
                let mut seen = latencies.take();
                seen.push(start.elapsed());
                latencies.set(seen);
            }
        };
        pool.spawner().spawn_local(work).unwrap();
    }
    pool.run();
    (start.elapsed(), latencies.take())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(default, |text| text.parse().unwrap());
    let modes = match arguments.first().map(String::as_str) {
        Some(mode @ ("single" | "batch")) => vec![mode],
        _ => vec!["single", "batch"],
    };
    let (count, before) = (number(1, 200_000), number(2, 0));
    for mode in modes {
        let folder = match arguments.get(3) {
            Some(folder) => tempfile::TempDir::new_in(PathBuf::from(folder)).unwrap(),
            None => tempfile::TempDir::new().unwrap(),
        };
        let path = folder.path().join("pik.sqlite");
        let store = Rc::new(SqliteStore::open(&path, Options::default()).unwrap());
        fill(&store, before);
        let events = submissions(before, count);
        let bytes: usize = events.iter().map(|event| event.raw.len()).sum();
        let (workers, size) = if mode == "single" { (64, 1) } else { (8, 100) };
        let cpu = cpu_time();
        let (time, mut latencies) = measure(Rc::clone(&store), events, workers, size);
        let cpu: Vec<String> = cpu_time()
            .into_iter()
            .map(|(name, ticks)| {
                let ticks = ticks - cpu.get(&name).copied().unwrap_or(0);
                format!("{name} {:.1}", ticks as f64 * 10_000.0 / count as f64)
            })
            .collect();
        latencies.sort();
        let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
        println!(
            "{mode}: {:.0} events/s ({count} of {} bytes after {before}), {workers} in flight of {size}, latency p50 {:?} p99 {:?} max {:?}, cpu us/event: {}; peak of {} MiB resident; file {:.0} bytes/event",
            count as f64 / time.as_secs_f64(),
            bytes as u64 / count,
            at(0.5),
            at(0.99),
            at(1.0),
            cpu.join(", "),
            resident() / 1024,
            std::fs::metadata(&path).unwrap().len() as f64 / (count + before) as f64,
        );
    }
}
