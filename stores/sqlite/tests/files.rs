//! What the store does when its files are moved, deleted, replaced or copied behind its back.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_executor::block_on;
use pik_core::{Event, IngestTime, Obstacle, Outcome, Receipt, Store, StoreError, Submission};
use pik_sqlite::{OpenError, Options, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

fn submission(number: u64) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":{number}}}"#
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, IngestTime::from_unix_ms(1_767_000_000_000).unwrap(), Receipt::new("test", number, 0))
}

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, Options::default())
}

fn accept(store: &SqliteStore, number: u64) {
    assert_eq!(block_on(store.ingest(submission(number))).unwrap().status, Outcome::Accepted, "{number}");
}

fn refusal(path: &Path) -> OpenError {
    match open(path) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

/// Whether the store has an event.
fn has(store: &SqliteStore, number: u64) -> bool {
    block_on(store.find(&submission(number).event_id)).unwrap().is_some()
}

struct Place {
    folder: TempDir,
    database: PathBuf,
    log: PathBuf,
}

fn place() -> Place {
    let folder = TempDir::new().unwrap();
    let (database, log) = (folder.path().join("pik.sqlite"), folder.path().join("pik.sqlite-wal"));
    Place { folder, database, log }
}

/// What is left of a store whose process was killed after the events 1 and 2, the second of which is in the log alone.
fn killed() -> Place {
    let running = place();
    let store = open(&running.database).unwrap();
    accept(&store, 1);
    let left = place();
    for entry in fs::read_dir(running.folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), left.folder.path().join(entry.file_name())).unwrap();
    }
    // A start moves the first into the database, and the next is killed with the second in its log.
    drop(store);
    let store = open(&left.database).unwrap();
    accept(&store, 2);
    let end = place();
    for entry in fs::read_dir(left.folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), end.folder.path().join(entry.file_name())).unwrap();
    }
    end
}

#[test]
fn nothing_is_answered_ok_while_a_file_is_not_in_its_place() {
    for file in ["pik.sqlite", "pik.sqlite-wal", "pik.sqlite-shm"] {
        for replaced in [false, true] {
            let place = place();
            let store = open(&place.database).unwrap();
            accept(&store, 1);
            let (path, away) = (place.folder.path().join(file), place.folder.path().join("away"));
            fs::rename(&path, &away).unwrap();
            if replaced {
                fs::copy(&away, &path).unwrap();
            }
            let refused = block_on(store.ingest(submission(2)));
            assert!(
                matches!(&refused, Err(StoreError::Blocked(Obstacle::FileMoved, reason)) if reason.contains("moved")),
                "{refused:?}"
            );
            let refused = block_on(store.ingest_batch(vec![submission(3), submission(4)]));
            assert!(matches!(refused[..], [Err(StoreError::Blocked(..)), Err(StoreError::Blocked(..))]), "{file}");
            assert!(block_on(store.ready()).is_err(), "{file} is gone and the store says it is ready");

            // Back in its place, nothing is lost, and the store is ready by itself.
            fs::rename(&away, &path).unwrap();
            wait_until_ready(&store);
            assert_eq!(block_on(store.ingest(submission(2))).unwrap().status, Outcome::Duplicate);
            accept(&store, 5);
            store.close();
            let store = open(&place.database).unwrap();
            assert!([1, 2, 3, 4, 5].into_iter().all(|number| has(&store, number)), "{file}");
        }
    }
}

/// The writer tries once a second.
fn wait_until_ready(store: &SqliteStore) {
    let start = Instant::now();
    while let Err(error) = block_on(store.ready()) {
        assert!(start.elapsed() < Duration::from_secs(30), "{error}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_idle_store_is_not_ready_once_its_database_is_gone() {
    let place = place();
    let store = open(&place.database).unwrap();
    block_on(store.ready()).unwrap();
    fs::remove_file(&place.database).unwrap();
    let Err(StoreError::Blocked(Obstacle::FileMoved, reason)) = block_on(store.ready()) else { panic!("ready") };
    assert!(reason.contains("the database file was moved, deleted or replaced"), "{reason}");
}

#[test]
fn a_store_that_lost_its_log_saves_it_at_its_end() {
    let place = place();
    let store = open(&place.database).unwrap();
    accept(&store, 1);
    fs::remove_file(&place.log).unwrap();
    store.close();
    assert!(has(&open(&place.database).unwrap(), 1));
}

#[test]
fn a_log_without_its_database_is_kept() {
    let place = killed();
    let log = fs::read(&place.log).unwrap();
    assert!(!log.is_empty());
    for empty in [false, true] {
        fs::remove_file(&place.database).unwrap();
        if empty {
            fs::write(&place.database, "").unwrap();
        }
        let error = refusal(&place.database);
        assert!(matches!(error, OpenError::LogWithoutDatabase { .. }), "{error}");
        assert_eq!(fs::read(&place.log).unwrap(), log);
        assert_eq!(place.database.exists(), empty);
        fs::write(&place.database, "").unwrap();
    }
}

#[test]
fn a_database_without_its_log_is_refused() {
    // The copy of a database in use, without its log.
    let running = place();
    let store = open(&running.database).unwrap();
    accept(&store, 1);
    let copy = place();
    fs::copy(&running.database, &copy.database).unwrap();
    let before = fs::read(&copy.database).unwrap();
    let error = refusal(&copy.database);
    assert!(matches!(error, OpenError::LogMissing { lost: None, .. }), "{error}");
    assert_eq!(fs::read(&copy.database).unwrap(), before);
    drop(store);

    // The log was deleted after the process was killed.
    let place = killed();
    fs::remove_file(&place.log).unwrap();
    let error = refusal(&place.database);
    assert!(matches!(error, OpenError::LogMissing { lost: Some(1), .. }), "{error}");
    assert!(error.to_string().contains("the last 1 records"), "{error}");
}

#[test]
fn a_log_that_another_program_moved_into_the_database_is_not_missed() {
    let place = killed();
    let other = Connection::open(&place.database).unwrap();
    assert_eq!(other.query_row("SELECT count(*) FROM event", [], |row| row.get::<_, i64>(0)), Ok(2));
    other.close().unwrap();
    assert!(!place.log.exists());
    let store = open(&place.database).unwrap();
    assert!(has(&store, 1) && has(&store, 2));
}

#[test]
fn the_log_of_the_database_before_is_not_applied_to_a_restored_one() {
    let place = killed();
    let backup = self::place();
    let store = open(&backup.database).unwrap();
    accept(&store, 7);
    store.close();
    fs::copy(&backup.database, &place.database).unwrap();
    let log = fs::read(&place.log).unwrap();
    let error = refusal(&place.database);
    assert!(matches!(error, OpenError::ForeignLog { .. }), "{error}");
    assert_eq!(fs::read(&place.database).unwrap(), fs::read(&backup.database).unwrap());
    assert_eq!(fs::read(&place.log).unwrap(), log);

    // As the message says: the log moved away.
    fs::remove_file(&place.log).unwrap();
    let store = open(&place.database).unwrap();
    assert!(has(&store, 7) && !has(&store, 1));
}

#[test]
fn what_a_crash_left_in_the_log_is_in_the_database_before_anything_is_served() {
    let place = killed();
    let store = open(&place.database).unwrap();
    // The database file by itself, as the disk would have it without the log.
    let alone = place.folder.path().join("alone");
    fs::copy(&place.database, &alone).unwrap();
    let alone = Connection::open(&alone).unwrap();
    assert_eq!(alone.query_row("SELECT count(*) FROM event", [], |row| row.get::<_, i64>(0)), Ok(2));
    assert!(has(&store, 2));
}

#[test]
fn one_file_has_one_writer_by_whatever_name() {
    let place = place();
    let store = open(&place.database).unwrap();
    let folder = TempDir::new().unwrap();
    let (hard, soft) = (folder.path().join("hard.sqlite"), folder.path().join("soft.sqlite"));
    fs::hard_link(&place.database, &hard).unwrap();
    std::os::unix::fs::symlink(&place.database, &soft).unwrap();
    let linked_folder = folder.path().join("folder");
    std::os::unix::fs::symlink(place.folder.path(), &linked_folder).unwrap();
    fs::remove_file(place.folder.path().join("pik.sqlite.lock")).unwrap();
    for name in [&place.database, &hard, &soft, &linked_folder.join("pik.sqlite")] {
        let error = refusal(name);
        assert!(matches!(error, OpenError::Locked(_)), "{error}");
        // Nor in another process.
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "opens_the_database_that_the_environment_names", "--ignored", "--nocapture"])
            .env("PIK_TEST_DATABASE", name)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("refused: locked"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    accept(&store, 1);
    store.close();
    assert!(has(&open(&soft).unwrap(), 1));
}

/// Not a test of its own.
#[test]
#[ignore = "run by one_file_has_one_writer_by_whatever_name"]
fn opens_the_database_that_the_environment_names() {
    let path = PathBuf::from(std::env::var_os("PIK_TEST_DATABASE").unwrap());
    match open(&path) {
        Ok(_) => println!("opened"),
        Err(OpenError::Locked(_)) => println!("refused: locked"),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn a_link_to_nothing_is_refused() {
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("pik.sqlite");
    std::os::unix::fs::symlink(folder.path().join("nothing"), &link).unwrap();
    assert!(matches!(refusal(&link), OpenError::Folder(..)));
    assert!(!folder.path().join("nothing").exists());
}
