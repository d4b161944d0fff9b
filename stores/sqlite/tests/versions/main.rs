//! Files of older versions, the views, and indexes that are made again.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use futures_executor::block_on;
use pik_core::{BucketWidth, Event, IngestTime, Investigate, Outcome, Query, Receipt, StatsQuery, Store, Submission};
use pik_sqlite::{Options, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

const VERSION_2: &str = include_str!("2.sql");
const EVENTS: u64 = 2_500;

fn submission(number: u64, attempt: u64) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_{}","event_time":"2025-12-28T{:02}:59:59.{:03}5Z","payload":{{"n":{number}}}}}"#,
        number % 7,
        number % 24,
        number % 1000,
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    let ingest_time = IngestTime::from_unix_ms(1_767_000_000_000 + (number + attempt) as i64).unwrap();
    Submission::new(&event, ingest_time, Receipt::new("test", number * 10 + attempt, 0))
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap()
}

/// A file with events, of which every fifth came twice.
fn filled(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("pik.sqlite");
    let store = open(&path);
    for from in (0..EVENTS).step_by(500) {
        let batch = (from..from + 500).map(|number| submission(number, 0)).collect();
        assert!(block_on(store.ingest_batch(batch)).iter().all(Result::is_ok));
        let again = (from..from + 500).step_by(5).map(|number| submission(number, 7)).collect();
        assert!(block_on(store.ingest_batch(again)).iter().all(Result::is_ok));
    }
    store.close();
    path
}

/// Turns a file of this version into one of an older version.
fn turn_back(path: &Path, version: i64) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "DROP TABLE stream_count; DELETE FROM indexed WHERE name = 'stream_count'; PRAGMA user_version = 3;",
        )
        .unwrap();
    if version == 3 {
        return;
    }
    let tables = if version == 1 { VERSION_2.split("CREATE TABLE by_id_recent").next().unwrap() } else { VERSION_2 };
    connection
        .execute_batch(&format!(
            "DROP VIEW events; DROP VIEW duplicates;
             DROP TABLE index_run; DROP TABLE index_fence; DROP TABLE index_block;
             ALTER TABLE event DROP COLUMN checksum; ALTER TABLE duplicate DROP COLUMN checksum;
             DELETE FROM indexed WHERE name = 'keys';
             {tables}
             INSERT INTO by_id VALUES (7, 1);
             INSERT INTO indexed VALUES ('by_id', 1);
             PRAGMA user_version = {version};"
        ))
        .unwrap();
}

fn tables(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT name FROM sqlite_schema WHERE type <> 'index'").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn version(path: &Path) -> i64 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// All records of a question, page by page.
fn count(store: &SqliteStore, query: &Query) -> usize {
    let (mut count, mut after) = (0, None);
    loop {
        let page = block_on(store.records(query, after.as_ref(), 1_000)).unwrap();
        count += page.items.len();
        after = page.next;
        if after.is_none() {
            return count;
        }
    }
}

fn check(path: &Path) {
    let store = open(path);
    for number in (0..EVENTS).step_by(97) {
        assert_eq!(block_on(store.ingest(submission(number, 9))).unwrap().status, Outcome::Duplicate, "{number}");
    }
    assert_eq!(block_on(store.ingest(submission(EVENTS + 5, 0))).unwrap().status, Outcome::Accepted);
    let time = |ms| IngestTime::from_unix_ms(ms).unwrap();
    let arrivals = |status| Query::Arrivals { from: time(0), to: time(1_800_000_000_000), status };
    assert_eq!(count(&store, &arrivals(Some(Outcome::Accepted))), 2_501);
    assert_eq!(count(&store, &arrivals(Some(Outcome::Duplicate))), 500 + 26);
    let of_entity =
        |number: u64| Query::Entity { entity_id: format!("user_{number}"), from: None, to: None, status: None };
    assert_eq!((0..7).map(|number| count(&store, &of_entity(number))).sum::<usize>(), 2_501 + 526);
    let by_lag = Query::Lag {
        source: "demo".to_owned(),
        event_type: "heartbeat".to_owned(),
        event_date: "2025-12-28T00:00:00Z".parse().unwrap(),
        min_lag_ms: None,
    };
    assert_eq!(count(&store, &by_lag), 2_501);
    let (from, to) = ("2025-12-28T00:00:00Z".parse().unwrap(), "2025-12-29T00:00:00Z".parse().unwrap());
    let buckets = block_on(store.stats(&StatsQuery::new("demo", "heartbeat", from, to, BucketWidth::Hour))).unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket.accepted).sum::<u64>(), 2_501);
    assert_eq!(buckets.iter().map(|bucket| bucket.duplicate).sum::<u64>(), 526);
    let streams = block_on(store.streams(None, 10)).unwrap().items;
    assert_eq!(streams.len(), 1);
    assert_eq!((streams[0].accepted, streams[0].duplicate), (Some(2_501), Some(526)));
}

#[test]
fn files_of_older_versions_are_brought_up_to_date() {
    for older in [1, 2, 3] {
        let folder = TempDir::new().unwrap();
        let path = filled(&folder);
        let before = tables(&path);
        turn_back(&path, older);
        assert_ne!(tables(&path), before);
        open(&path).close();
        assert_eq!(version(&path), 5);
        let (mut after, mut before) = (tables(&path), before);
        after.sort();
        before.sort();
        assert_eq!(after, before, "of version {older}");
        check(&path);
    }
}

#[test]
fn an_old_file_stays_one_until_the_new_index_is_complete() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    turn_back(&path, 2);
    // A blank value where a time must be: the rows cannot be read to their end.
    let connection = Connection::open(&path).unwrap();
    let damage = |ms: i64| {
        let statement = "DROP TRIGGER event_is_never_updated; UPDATE event SET ingest_ms = {} WHERE seq = 2000;";
        let trigger = "CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
             BEGIN SELECT RAISE(ABORT, 'raw objects and their records are never changed'); END;";
        connection.execute_batch(&(statement.replace("{}", &ms.to_string()) + trigger)).unwrap();
    };
    let ms: i64 = connection.query_row("SELECT ingest_ms FROM event WHERE seq = 2000", [], |row| row.get(0)).unwrap();
    damage(i64::MAX);
    assert!(SqliteStore::open(&path, Options::default()).is_err());
    assert_eq!(version(&path), 2);
    assert!(tables(&path).contains(&"by_id".to_owned()));
    damage(ms);
    drop(connection);
    check(&path);
    assert_eq!(version(&path), 5);
}

#[test]
fn indexes_are_made_again_from_the_records() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    SqliteStore::rebuild_indexes(&path, |_| ()).unwrap();
    check(&path);
}

#[test]
fn the_views_show_what_was_sent() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA trusted_schema = OFF").unwrap();
    let sent = submission(5, 0);
    let names = |view: &str| -> Vec<String> {
        let statement = connection.prepare(&format!("SELECT * FROM {view}")).unwrap();
        statement.column_names().map(str::to_owned).collect()
    };
    let shared = ["event_id", "source", "event_type", "entity_id", "event_time", "ingest_time", "ingest_lag_ms"];
    assert_eq!(names("events"), [&shared[..], &["payload_hash", "raw_size", "receipt", "raw"]].concat());
    assert_eq!(names("duplicates"), [&shared[..], &["receipt"]].concat());
    for (view, sent) in [("events", &sent), ("duplicates", &submission(5, 7))] {
        let row: (String, String, String, String, String, String, i64, String) = connection
            .query_row(
                &format!(
                    "SELECT event_id, source, event_type, entity_id, event_time, ingest_time, ingest_lag_ms, receipt
                     FROM {view} WHERE event_id = ?1"
                ),
                [sent.event_id.to_string()],
                |row| {
                    let row = (
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                        row.get(6)?,
                        row.get(7)?,
                    );
                    Ok(row)
                },
            )
            .unwrap();
        let expected = (
            sent.event_id.to_string(),
            sent.source.clone(),
            sent.event_type.clone(),
            sent.entity_id.clone(),
            // The fourth digit is cut off.
            "2025-12-28T05:59:59.005Z".to_owned(),
            sent.ingest_time.to_string(),
            sent.ingest_lag_ms,
            sent.receipt.as_str().to_owned(),
        );
        assert_eq!(row, expected, "{view}");
    }
    let (hash, size, raw): (String, i64, String) = connection
        .query_row(
            "SELECT payload_hash, raw_size, raw FROM events WHERE event_id = ?1",
            [sent.event_id.to_string()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!((hash, size), (sent.payload_hash.to_string(), sent.raw.len() as i64));
    assert_eq!(raw.as_bytes(), &sent.raw[..]);
    let count =
        |view: &str| connection.query_row(&format!("SELECT count(*) FROM {view}"), [], |row| row.get::<_, i64>(0));
    assert_eq!((count("events"), count("duplicates")), (Ok(2_500), Ok(500)));
}

/// `PIK_TEST_DUCKDB` is a Python that has the packages `duckdb` 1.4.4, `duckdb-ext` and `duckdb-ext-sqlite`.
#[test]
#[ignore = "needs DuckDB: set PIK_TEST_DUCKDB and run with --ignored"]
fn duckdb_reads_the_views() {
    const SCRIPT: &str = "
import sys, pathlib, duckdb, duckdb_ext
found = next(pathlib.Path(duckdb_ext.__file__).parent.glob('extensions/*/*/sqlite_scanner.duckdb_extension'))
connection = duckdb.connect()
connection.execute(f\"LOAD '{found}'\")
connection.execute(f\"ATTACH '{sys.argv[1]}' AS pik (TYPE sqlite, READ_ONLY)\")
count = lambda view: connection.execute(f'SELECT count(*) FROM pik.{view}').fetchone()[0]
row = \"SELECT event_time, ingest_lag_ms::BIGINT, json_extract(raw, '$.payload.n') FROM pik.events WHERE raw_size::BIGINT > 0 AND entity_id = 'user_5' ORDER BY ingest_time LIMIT 1\"
print(count('events'), count('duplicates'), *connection.execute(row).fetchone())
";
    let python = std::env::var_os("PIK_TEST_DUCKDB").unwrap();
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    let output = std::process::Command::new(python).args(["-c", SCRIPT]).arg(&path).output().unwrap();
    let lag = submission(5, 0).ingest_lag_ms;
    let expected = format!("2500 500 2025-12-28T05:59:59.005Z {lag} 5\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_views_show_the_ends_of_time() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pik.sqlite");
    let store = open(&path);
    for (event_time, ms) in [
        ("0001-01-01T00:00:00.0009Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.9Z", 253_402_300_799_999),
        ("1969-12-31T23:59:59.5Z", -1),
    ] {
        let body =
            format!(r#"{{"source":"s","event_type":"t","entity_id":"e","event_time":"{event_time}","payload":null}}"#);
        let event = Event::parse(body.as_bytes()).unwrap();
        let ingest_time = IngestTime::from_unix_ms(ms).unwrap();
        let sent = Submission::new(&event, ingest_time, Receipt::new("test", 1, 0));
        block_on(store.ingest(sent.clone())).unwrap();
        let shown: (String, String, i64) = Connection::open(&path)
            .unwrap()
            .query_row(
                "SELECT event_time, ingest_time, ingest_lag_ms FROM events WHERE event_id = ?1",
                [sent.event_id.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(shown.0[..20], event_time[..20]);
        assert_eq!((shown.1, shown.2), (sent.ingest_time.to_string(), sent.ingest_lag_ms));
    }
}
