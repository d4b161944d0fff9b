//! Events that are sent to a store, and what must be there of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use futures_executor::block_on;
use pik_core::{Event, IngestTime, Outcome, Receipt, Store, Submission};
use pik_sqlite::{OpenError, Options, SqliteStore};
use rusqlite::Connection;

/// The event of a number: large ones fill the log, small ones are the usual.
pub(crate) fn submission(number: u64, bytes: usize) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"e{}","event_time":"2025-12-28T23:59:59Z","payload":{{"n":{number},"text":"{}"}}}}"#,
        number % 5,
        "x".repeat(bytes)
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    let arrived = IngestTime::from_unix_ms(1_767_000_000_000 + number.cast_signed()).unwrap();
    Submission::new(&event, arrived, Receipt::new("test", number, 0))
}

pub(crate) fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(folder.join("pik.sqlite"), Options { readers: 1, ..Options::default() })
}

/// Events as they were answered: number and size.
pub(crate) type Answered = BTreeSet<(u64, usize)>;

/// Sends events together; those that were answered OK.
pub(crate) fn send(store: &SqliteStore, events: &[(u64, usize)]) -> Answered {
    let submissions = events.iter().map(|(number, bytes)| submission(*number, *bytes)).collect();
    let answers = block_on(store.ingest_batch(submissions));
    events.iter().zip(answers).filter(|(_, answer)| answer.is_ok()).map(|(event, _)| *event).collect()
}

/// Fails unless the store has each event as it was sent, and finds it by arrival too.
pub(crate) fn check(store: &SqliteStore, answered: &Answered, context: &str) {
    for (number, bytes) in answered {
        let sent = submission(*number, *bytes);
        let found = block_on(store.raw(&sent.event_id)).unwrap();
        assert!(
            found.is_some_and(|found| *found.as_bytes() == sent.raw),
            "{number} was answered and is lost: {context}"
        );
    }
    let again: Vec<_> = answered.iter().map(|(number, bytes)| submission(*number, *bytes)).collect();
    for (answer, (number, _)) in block_on(store.ingest_batch(again)).into_iter().zip(answered) {
        assert_eq!(answer.unwrap().status, Outcome::Duplicate, "{number}: {context}");
    }
}

/// Fails unless SQLite finds the file sound.
pub(crate) fn check_sound(folder: &Path, context: &str) {
    let connection = Connection::open(folder.join("pik.sqlite")).unwrap();
    let told: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(told, "ok", "{context}");
}

/// The files as a process that is killed now leaves them.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().as_encoded_bytes().starts_with(b"pik.sqlite") {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
