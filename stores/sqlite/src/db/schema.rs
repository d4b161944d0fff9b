//! The tables, and the settings of every connection.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;

/// Marks the file as ours, for `file(1)` and for the check at the start: "pik1" in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x7069_6b31;
/// The version of the tables below.
pub(crate) const VERSION: i64 = 2;

// One sequence numbers both kinds of occurrence in the order of their commits. Rows are only ever appended, the raw
// bytes in the last column, so that reading a record does not walk through them. The key of a raw object is not kept:
// it follows from the rest of the row.
//
// The indexes are tables of integers alone: hash prefixes and interned names in place of texts. A prefix may be
// shared, so whoever looks one up compares the whole value in the row that it leads to. `kind` is 0 for a first
// occurrence and 1 for a later one. `indexed` says up to which `seq` each of them is complete.
const TABLES: &str = "
CREATE TABLE stream (
    stream INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    UNIQUE (source, event_type)
) STRICT;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    payload_hash BLOB NOT NULL,
    entity_id TEXT NOT NULL,
    receipt TEXT NOT NULL,
    contract INTEGER NOT NULL,
    raw BLOB NOT NULL
) STRICT;

CREATE TABLE duplicate (
    seq INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    receipt TEXT NOT NULL
) STRICT;

CREATE TABLE indexed (
    name TEXT PRIMARY KEY,
    complete_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE by_id (
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_first (
    first INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (first, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_entity (
    entity_prefix INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_lag (
    stream INTEGER NOT NULL,
    event_day INTEGER NOT NULL,
    minus_lag_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, event_day, minus_lag_ms, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_ingest (
    kind INTEGER NOT NULL,
    ingest_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, ingest_ms, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE hourly (
    hour INTEGER PRIMARY KEY,
    counted_to INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    max_lag_ms INTEGER,
    lags BLOB NOT NULL
) STRICT;
CREATE INDEX hourly_counted_to ON hourly (counted_to);

CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'raw objects and their records are never changed'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'raw objects and their records are never deleted'); END;
CREATE TRIGGER duplicate_is_never_updated BEFORE UPDATE ON duplicate
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;
CREATE TRIGGER duplicate_is_never_deleted BEFORE DELETE ON duplicate
BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
";

// Version 2. Keys that come in no order gather in small tables of the same form before they settle in the large ones.
const RECENT_TABLES: &str = "
CREATE TABLE by_id_recent (
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_entity_recent (
    entity_prefix INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    event_seconds INTEGER NOT NULL,
    event_nanoseconds INTEGER NOT NULL,
    id_prefix INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_lag_recent (
    stream INTEGER NOT NULL,
    event_day INTEGER NOT NULL,
    minus_lag_ms INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (stream, event_day, minus_lag_ms, seq)
) STRICT, WITHOUT ROWID;
";

/// How long to wait for somebody else who writes to the file, a backup tool for instance.
const BUSY: Duration = Duration::from_secs(1);

/// More statements than the writer has.
const STATEMENTS: usize = 64;

/// Opens the database for writing and creates the tables in an empty file.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let refused = |cause| OpenError::Database(path.to_owned(), cause);
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(refused)?;
    connection.busy_timeout(BUSY).map_err(refused)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    check(&connection, path)?;
    keep_plans(&connection).map_err(refused)?;
    prepare_writer(&connection).map_err(refused)?;
    Ok(connection)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Refuses a database that is not ours, or one of a newer program.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let refused = |cause| OpenError::Database(path.to_owned(), cause);
    let application_id = pragma(connection, "application_id").map_err(refused)?;
    let version = pragma(connection, "user_version").map_err(refused)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(refused)?;
    if tables > 0 && application_id != APPLICATION_ID {
        return Err(OpenError::NotOurs(path.to_owned()));
    }
    if version > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found: version, known: VERSION });
    }
    Ok(())
}

/// The last occurrence there is; 0 in an empty database.
pub(crate) fn last_seq(connection: &Connection) -> rusqlite::Result<i64> {
    let last = "SELECT max((SELECT ifnull(max(seq), 0) FROM event), (SELECT ifnull(max(seq), 0) FROM duplicate))";
    connection.query_row(last, [], |row| row.get(0))
}

fn prepare_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA recursive_triggers = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    let steps: &[&str] = match pragma(connection, "user_version")? {
        0 => &[TABLES, RECENT_TABLES],
        1 => &[RECENT_TABLES],
        _ => return Ok(()),
    };
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         {}
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {VERSION};
         COMMIT;",
        steps.concat()
    ))
}

/// Opens the database for reading, beside the writer.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    keep_plans(&connection)?;
    connection.execute_batch(
        "PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -4096;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Without this, a statement may be compiled anew whenever another value is bound, for a plan that suits the value.
/// Each statement here has one plan that is right.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_version_1_is_brought_up_to_date() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("pik.sqlite");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&format!("{TABLES} INSERT INTO by_id VALUES (7, 1);")).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        for _ in 0..2 {
            let connection = open_writer(&path).unwrap();
            assert_eq!(pragma(&connection, "user_version").unwrap(), VERSION);
            let found: Vec<i64> = connection
                .prepare(crate::db::sql::BY_ID)
                .unwrap()
                .query_map([7], |row| row.get(0))
                .unwrap()
                .collect::<rusqlite::Result<_>>()
                .unwrap();
            assert_eq!(found, [1]);
        }
    }
}
