//! What plain SQLite indexes cost in place of the store's own: the same rows and durability, in one thread.
//!
//! `cargo bench -p pik-sqlite --bench plain -- [EVENTS] [ROWS_BEFORE] [FOLDER]`: commits of 800 events each, which is what
//! the store's writer takes of 8 batches of 100.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and prints")]

mod load;

use std::path::PathBuf;
use std::time::Instant;

use load::{cpu_time, resident, submissions};
use pik_core::Submission;
use rusqlite::{Connection, params};

const TABLES: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -8192;
CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_ns INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    lag_ms INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    payload_hash BLOB NOT NULL,
    entity_id TEXT NOT NULL,
    receipt TEXT NOT NULL,
    raw BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX by_id ON event (event_id);
CREATE INDEX by_entity ON event (entity_id, event_ns);
CREATE INDEX by_lag ON event (source, event_type, event_ns / 86400000000000, lag_ms);
CREATE INDEX by_ingest ON event (ingest_ms);
";

fn ingest(connection: &Connection, events: &[Submission]) {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO event VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
        )
        .unwrap();
    for event in events {
        let nanoseconds =
            event.event_time.unix_seconds() * 1_000_000_000 + i64::from(event.event_time.subsecond_nanoseconds());
        let inserted = insert
            .execute(params![
                event.source,
                event.event_type,
                nanoseconds,
                event.ingest_time.unix_ms(),
                event.ingest_lag_ms,
                event.event_id.as_bytes(),
                event.payload_hash.as_bytes(),
                event.entity_id,
                event.receipt.as_str(),
                &event.raw[..],
            ])
            .unwrap();
        assert_eq!(inserted, 1);
    }
    connection.execute_batch("COMMIT").unwrap();
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(default, |text| text.parse().unwrap());
    let (count, before) = (number(0, 200_000), number(1, 0));
    let folder = match arguments.get(2) {
        Some(folder) => tempfile::TempDir::new_in(PathBuf::from(folder)).unwrap(),
        None => tempfile::TempDir::new().unwrap(),
    };
    let path = folder.path().join("plain.sqlite");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(TABLES).unwrap();
    for from in (0..before).step_by(800) {
        ingest(&connection, &submissions(from, 800.min(before - from)));
    }
    let events = submissions(before, count);
    let (cpu, start) = (cpu_time().into_values().sum::<u64>(), Instant::now());
    events.chunks(800).for_each(|group| ingest(&connection, group));
    let (time, cpu) = (start.elapsed(), cpu_time().into_values().sum::<u64>() - cpu);
    println!(
        "plain: {:.0} events/s ({count} after {before}), cpu us/event: {:.1}; peak of {} MiB resident; file {:.0} bytes/event",
        count as f64 / time.as_secs_f64(),
        cpu as f64 * 10_000.0 / count as f64,
        resident() / 1024,
        std::fs::metadata(&path).unwrap().len() as f64 / (count + before) as f64,
    );
}
