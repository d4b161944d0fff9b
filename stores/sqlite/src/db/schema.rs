//! Opening the file: what it must be, and the settings of every connection.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;
use crate::db::tables::VERSION;
use crate::db::{migrate, tables};

/// Marks the file as ours, for `file(1)` and for the check at the start: "pik1" in ASCII.
pub(crate) const APPLICATION_ID: i64 = 0x7069_6b31;

/// How long to wait for another process that writes to the file, a backup tool for instance.
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

/// The version of the file's tables.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    pragma(connection, "user_version")
}

/// An empty database of this version, in memory.
pub(crate) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(
        &[tables::RECORDS, tables::COUNTS, tables::STREAM_COUNTS, tables::INDEX, tables::VIEWS, tables::BESIDE]
            .concat(),
    )?;
    Ok(connection)
}

/// Makes the tables that files of every version have beside records and indexes, where they are missing.
pub(crate) fn add_missing(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT;", tables::BESIDE))
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
    match pragma(connection, "user_version")? {
        0 => connection.execute_batch(&format!(
            "BEGIN IMMEDIATE;
             {}{}{}{}{}
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {VERSION};
             COMMIT;",
            tables::RECORDS,
            tables::COUNTS,
            tables::STREAM_COUNTS,
            tables::INDEX,
            tables::VIEWS,
        )),
        VERSION.. => Ok(()),
        _ => migrate::begin(connection),
    }
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
