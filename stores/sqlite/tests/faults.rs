//! What a store on one SQLite file does when the file, the disk or another process fails it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_executor::block_on;
use pik_core::{Event, IngestTime, Outcome, Receipt, Store, StoreError, Submission};
use pik_sqlite::{OpenError, Options, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

fn submission(number: u64) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":{{"n":{number},"text":"{}"}}}}"#,
        "x".repeat(1000)
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, IngestTime::from_unix_ms(1_767_000_000_000).unwrap(), Receipt::new("test", number, 0))
}

fn database(folder: &TempDir) -> PathBuf {
    folder.path().join("pik.sqlite")
}

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, Options::default())
}

/// A database with one event, closed again.
fn filled(folder: &TempDir) -> PathBuf {
    let path = database(folder);
    let store = open(&path).unwrap();
    block_on(store.ingest(submission(1))).unwrap();
    store.close();
    path
}

#[test]
fn stored_rows_are_neither_updated_nor_deleted() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    let store = open(&path).unwrap();
    block_on(store.ingest(submission(1))).unwrap();
    store.close();

    let connection = Connection::open(path).unwrap();
    for statement in [
        "UPDATE event SET raw = x'00'",
        "UPDATE event SET ingest_ms = 0 WHERE seq = 1",
        "DELETE FROM event",
        "UPDATE duplicate SET ingest_ms = 0",
        "DELETE FROM duplicate",
    ] {
        let error = connection.execute(statement, []).unwrap_err();
        assert!(error.to_string().contains("never"), "{statement}: {error}");
    }
    let counts: (i64, i64) = connection
        .query_row("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM duplicate)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(counts, (1, 1));
}

#[test]
fn a_newer_schema_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    match open(&path) {
        Err(error @ OpenError::Newer { found: 99, .. }) => assert!(error.to_string().contains("newer"), "{error}"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("opened"),
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder);
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenError::NotOurs(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = database(&folder);
    std::fs::write(&path, "not a database, but long enough to look like one".repeat(100)).unwrap();
    assert!(matches!(open(&path), Err(OpenError::Database(..))));
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(open(&file.join("below/pik.sqlite")), Err(OpenError::Folder(..))));
}

#[test]
fn folders_are_made() {
    let folder = TempDir::new().unwrap();
    open(&folder.path().join("a/b/c/pik.sqlite")).unwrap();
}

#[test]
fn another_process_that_holds_the_write_lock_makes_it_unavailable_for_as_long() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    let store = open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = block_on(store.ingest_batch(vec![submission(2), submission(3)]));
    assert!(matches!(refused[..], [Err(StoreError::Unavailable(_)), Err(StoreError::Unavailable(_))]), "{refused:?}");
    assert_eq!(block_on(store.find(&submission(2).event_id)), Ok(None));
    assert!(
        matches!(block_on(store.ready()), Err(StoreError::Unavailable(reason)) if reason.contains("another program"))
    );

    // Commits are tried once a second, so that a server that gets no events any more is ready again.
    other.execute_batch("ROLLBACK").unwrap();
    let start = Instant::now();
    while block_on(store.ready()).is_err() {
        assert!(start.elapsed() < Duration::from_secs(30), "not ready again");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(block_on(store.ingest(submission(2))).unwrap().status, Outcome::Accepted);
}

/// Not a test of its own: the next one runs it where no file may grow beyond some size.
#[test]
#[ignore = "run by a_commit_that_fails_is_answered_with_the_error"]
fn ingest_until_it_fails() {
    let path = PathBuf::from(std::env::var_os("PIK_TEST_DATABASE").unwrap());
    let store = open(&path).unwrap();
    let mut answered = 0..0;
    let failed = loop {
        assert!(answered.end < 100_000, "no commit ever failed");
        let batch = answered.end..answered.end + 10;
        let answers = block_on(store.ingest_batch(batch.clone().map(submission).collect()));
        if !answers.iter().all(Result::is_ok) {
            break answers;
        }
        answered.end = batch.end;
    };
    for answer in failed {
        assert_eq!(answer.as_ref().err().map(StoreError::code), Some("unavailable"), "{answer:?}");
    }
    // The writer goes on: what is small enough may still be taken, then it says so again.
    let error = loop {
        match block_on(store.ingest(submission(answered.end))) {
            Ok(_) => answered.end += 1,
            Err(error) => break error,
        }
        assert!(answered.end < 100_000, "no commit ever failed again");
    };
    assert_eq!(error.code(), "unavailable", "{error:?}");
    for number in answered.clone() {
        let submission = submission(number);
        assert_eq!(block_on(store.raw(&submission.event_id)).unwrap().unwrap().into_bytes(), submission.raw);
    }
    println!("answered {}", answered.end);
}

#[cfg(unix)]
#[test]
fn a_commit_that_fails_is_answered_with_the_error() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    // A write beyond the limit fails like one to a broken disk, once the signal that comes with it is ignored.
    let output = std::process::Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 2000; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "ingest_until_it_fails", "--ignored", "--nocapture"])
        .env("PIK_TEST_DATABASE", &path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let answered = text.split("answered ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    let answered: u64 = answered.parse().unwrap();
    assert!(answered > 0);

    // With room again, all that was answered is there once, and the rest is taken.
    let store = open(&path).unwrap();
    for number in 0..answered {
        assert_eq!(block_on(store.ingest(submission(number))).unwrap().status, Outcome::Duplicate, "{number}");
    }
    assert!(block_on(store.ingest(submission(answered))).is_ok());
}
