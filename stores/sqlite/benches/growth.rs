//! Whether the store slows down as it grows: processor time, memory, disk and first pages at each step, then a SIGKILL
//! under load and the time to the first answer.
//!
//! `cargo bench -p pik-sqlite --bench growth -- [EVENTS] [STEPS] [FOLDER]`: 8 batches of 100 in flight. An event takes about
//! 560 bytes of disk: 100 million need 60 GB.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and prints")]

mod load;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use futures_util::future::join_all;
use load::{cpu_time, resident_now, submission, submissions};
use pik_core::{EventTime, IngestTime, Investigate, Outcome, Query, Store};
use pik_sqlite::{Options, SqliteStore};

const IN_FLIGHT: u64 = 8;
const BATCH: u64 = 100;
const QUESTIONS: u64 = 50;
/// What the process that loads prints when it has stored all and goes on until it is killed.
const LOADED: &str = "loaded";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--bench")).collect();
    if let [mode, path, events, steps] = &arguments[..]
        && mode == "load"
    {
        load_until_killed(Path::new(path), events.parse().unwrap(), steps.parse().unwrap());
    }
    let number = |at: usize, default: u64| arguments.get(at).map_or(default, |text| text.parse().unwrap());
    let (events, steps) = (number(0, 2_000_000), number(1, 4));
    let folder = match arguments.get(2) {
        Some(folder) => tempfile::TempDir::new_in(PathBuf::from(folder)).unwrap(),
        None => tempfile::TempDir::new().unwrap(),
    };
    let path = folder.path().join("pik.sqlite");

    println!(
        "| events before | events/s | writer, µs an event | checkpoint, µs | MiB resident | bytes an event | entity, ms: p50, slowest | lag | arrivals | id |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("load")
        .arg(&path)
        .args([events.to_string(), steps.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line == LOADED {
            break;
        }
        println!("{line}");
    }
    std::thread::sleep(Duration::from_secs(1));
    child.kill().unwrap();
    child.wait().unwrap();
    let log = fs::metadata(path.with_extension("sqlite-wal")).map_or(0, |log| log.len());

    let start = Instant::now();
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let open = start.elapsed();
    // Its number lies far above those that were stored before the kill.
    let answer = block_on(store.ingest(submission(1 << 40))).unwrap();
    assert_eq!(answer.status, Outcome::Accepted);
    println!(
        "after SIGKILL with a log of {:.0} MB: open {:.2} s, first ACCEPTED {:.2} s",
        log as f64 / 1e6,
        open.as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
}

fn load_until_killed(path: &Path, events: u64, steps: u64) -> ! {
    let store = SqliteStore::open(path, Options::default()).unwrap();
    let step = (events / steps / (IN_FLIGHT * BATCH)).max(1) * IN_FLIGHT * BATCH;
    for from in (0..).step_by(usize::try_from(step).unwrap()).take(usize::try_from(steps).unwrap()) {
        row(&store, path, from, from + step);
    }
    println!("{LOADED}");
    let mut from = step * steps;
    loop {
        from = ingest(&store, from, from + IN_FLIGHT * BATCH);
    }
}

fn row(store: &SqliteStore, path: &Path, from: u64, to: u64) {
    let (cpu, start) = (cpu_time(), Instant::now());
    ingest(store, from, to);
    let (seconds, count) = (start.elapsed().as_secs_f64(), (to - from) as f64);
    let now = cpu_time();
    let ticks = |thread: &str| (now.get(thread).unwrap_or(&0) - cpu.get(thread).unwrap_or(&0)) as f64;
    let micros = |thread: &str| ticks(thread) * 10_000.0 / count;
    let bytes = fs::metadata(path).unwrap().len() as f64 / to as f64;
    let questions = [
        asked(to, |number| {
            let entity_id = format!("user_{}", number * 1_999 % 100_000);
            page(store, &Query::Entity { entity_id, from: None, to: None, status: None });
        }),
        asked(to, |number| {
            let event_date: EventTime = "2025-12-26T00:00:00Z".parse().unwrap();
            let event_type = format!("type_{}", number % 10);
            page(
                store,
                &Query::Lag {
                    source: "bench".into(),
                    event_type,
                    event_date,
                    min_lag_ms: Some((number * 1_000_000) as i64),
                },
            );
        }),
        asked(to, |number| {
            let from = submission(number * to / QUESTIONS).ingest_time;
            let to = IngestTime::from_unix_ms(from.unix_ms() + 60_000).unwrap();
            page(store, &Query::Arrivals { from, to, status: None });
        }),
        asked(to, |number| {
            assert!(block_on(store.find(&submission(number * to / QUESTIONS).event_id)).unwrap().is_some())
        }),
    ];
    println!(
        "| {from} | {:.0} | {:.1} | {:.1} | {} | {bytes:.0} | {} |",
        count / seconds,
        micros("pik-writer"),
        micros("pik-checkpoint"),
        resident_now() / 1024,
        questions.join(" | "),
    );
}

/// Stores the events from a number up to another, which it returns. They are made by a thread of their own.
fn ingest(store: &SqliteStore, from: u64, to: u64) -> u64 {
    let (made, groups) = mpsc::sync_channel(4);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for group in (from..to).step_by((IN_FLIGHT * BATCH) as usize) {
                let batches: Vec<_> = (0..IN_FLIGHT).map(|batch| submissions(group + batch * BATCH, BATCH)).collect();
                made.send(batches).unwrap();
            }
        });
        for batches in groups {
            let batches = batches.into_iter().map(|batch| store.ingest_batch(batch));
            for answer in block_on(join_all(batches)).into_iter().flatten() {
                assert_eq!(answer.unwrap().status, Outcome::Accepted);
            }
        }
    });
    to
}

fn page(store: &SqliteStore, query: &Query) {
    block_on(store.records(query, None, 100)).unwrap();
}

/// How long the question takes, asked with many different numbers.
fn asked(events: u64, question: impl Fn(u64)) -> String {
    let mut times: Vec<Duration> = (0..QUESTIONS.min(events))
        .map(|number| {
            let start = Instant::now();
            question(number);
            start.elapsed()
        })
        .collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    format!("{:.1}, {:.1}", ms(times[times.len() / 2]), ms(times[times.len() - 1]))
}
