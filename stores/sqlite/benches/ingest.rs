//! How fast the store alone takes distinct events of about 300 bytes.
//!
//! `cargo bench -p pik-sqlite -- [single|batch] [EVENTS] [ROWS_BEFORE] [FOLDER]`: `single` has 64 events in flight, each
//! on its own; `batch` has 8 batches of 100. With ROWS_BEFORE, that many other events are stored first.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and prints")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_executor::LocalPool;
use futures_util::task::LocalSpawnExt;
use pik_core::{Event, IngestTime, Outcome, Receipt, Store, Submission};
use pik_sqlite::{Options, SqliteStore};

const FIRST_MS: u64 = 1_767_000_000_000;

// SplitMix64: distinct numbers in, well-mixed numbers out.
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An event of 100,000 entities, ten types and the ten days before it arrives.
fn submission(number: u64) -> Submission {
    let random = mix(number);
    let ingest_ms = FIRST_MS + number / 50;
    let event_ms = ingest_ms - random % 864_000_000;
    let event_time = IngestTime::from_unix_ms(event_ms as i64).unwrap();
    let body = format!(
        concat!(
            r#"{{"source":"bench","event_type":"type_{}","entity_id":"user_{}","event_time":"{}","payload":"#,
            r#"{{"number":{},"trace":"{:016x}","page":"/products/chairs/oak","browser":"Firefox 145","locale":"de-CH","#,
            r#""viewport":{{"width":1440,"height":900}},"experiment":"b","latency_ms":12.25}}}}"#
        ),
        random % 10,
        (random >> 8) % 100_000,
        event_time,
        number,
        random
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    let ingest_time = IngestTime::from_unix_ms(ingest_ms as i64).unwrap();
    let request_id = format!("{:016x}{:016x}", random, mix(random));
    Submission::new(&event, ingest_time, Receipt::new(&request_id, random, 0))
}

fn submissions(from: u64, count: u64) -> Vec<Submission> {
    (from..from + count).map(submission).collect()
}

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

/// The most memory that was resident so far, in KiB, the events that are made beforehand included; 0 where there is no /proc.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The processor time of this process so far by thread, in ticks of 10 ms as proc(5) has it; none where there is no
/// /proc.
fn cpu_time() -> BTreeMap<String, u64> {
    let mut threads = BTreeMap::new();
    for entry in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')) else { continue };
        let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        *threads.entry(name.to_owned()).or_default() += ticks;
    }
    threads
}
