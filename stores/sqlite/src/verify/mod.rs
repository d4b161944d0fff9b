//! Whether a file holds what it should, read as it is: nothing is written, and damage does not end the reading.

mod counts;
mod indexes;
mod rows;
mod schema;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test all through, outside its test functions too")]
mod tests;

use std::path::Path;

use pik_core::{Finding, IngestTime, Notice};
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;
use crate::db::files::Names;
use crate::db::lock::{self, ReadLock};
use crate::db::run::{Run, uri};
use crate::db::tables::{FIRST_WITH_CHECKSUMS, VERSION};
use crate::db::{opening, schema as tables};

/// What a verification read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// When the newest record arrived: an old copy shows here.
    pub newest: Option<IngestTime>,
    /// Records of older versions, which have no checksum. What of these hashes to no event_id, ingest time and receipt, cannot
    /// be checked.
    pub without_checksum: u64,
    /// Whether the indexes were compared with the records. Those of older versions are made anew at the next start.
    pub compared_indexes: bool,
}

/// Verifies the database at `path`, which must not be in use, and tells what it finds. Neither the file nor the folder is
/// written to, and a database that is missing is not made.
pub fn inspect(path: impl AsRef<Path>, mut tell: impl FnMut(Notice)) -> Result<Inspected, OpenError> {
    let path = path.as_ref();
    let database = Database::open(path)?;
    let refused = |cause| OpenError::Database(path.to_owned(), cause);
    let connection = &database.connection;
    let version = tables::version(connection).map_err(refused)?;
    let is_current = version == VERSION;
    let damaged = &mut |part: &str, reason: String| {
        tell(Notice::Found(Finding::Damaged { part: part.to_owned(), reason }));
    };
    if let Some(reason) = &database.missing_log {
        damaged("log", reason.clone());
    }
    schema::check_file(connection, damaged);
    schema::check_definitions(connection, version, damaged);
    let mut walk = rows::Walk::new(connection, version >= FIRST_WITH_CHECKSUMS);
    walk.run(&mut tell);
    if is_current {
        let damaged = &mut |part: &str, reason: String| {
            tell(Notice::Found(Finding::Damaged { part: part.to_owned(), reason }));
        };
        indexes::compare(connection, &walk, damaged);
        counts::compare(connection, &walk, damaged);
    }
    Ok(Inspected { newest: walk.newest, without_checksum: walk.without_checksum, compared_indexes: is_current })
}

/// Where findings about parts of the file go: which part, and what is wrong.
type Damaged<'d> = dyn FnMut(&str, String) + 'd;

/// A database that is only read.
struct Database {
    connection: Connection,
    missing_log: Option<String>,
    _lock: ReadLock,
}

impl Database {
    fn open(path: &Path) -> Result<Self, OpenError> {
        if !path.is_file() {
            return Err(OpenError::Missing(path.to_owned()));
        }
        let unreadable = |cause| OpenError::Folder(path.to_owned(), cause);
        let refused = |cause| OpenError::Database(path.to_owned(), cause);
        let names = Names::of(path).map_err(unreadable)?;
        let lock = lock::take_to_read(&names)?;
        let has_log = names.log_length().map_err(unreadable)? > 0;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // Without a log the file is all there is, and SQLite need not write beside it: a copy may be read-only.
        let parameters = if has_log { "mode=ro" } else { "immutable=1" };
        let connection = Connection::open_with_flags(uri(&names.database, parameters), flags).map_err(refused)?;
        let mut missing_log = None;
        if has_log {
            opening::refuse_foreign_log(&names)?;
            opening::keep_log(&connection).map_err(refused)?;
        } else if let Err(error @ OpenError::LogMissing { .. }) = opening::require_log(&names) {
            // Whatever else cannot be read is told below, part by part.
            missing_log = Some(error.to_string());
        }
        tables::check(&connection, path)?;
        // Counts and keys are those of one state, whatever other programs write.
        connection.execute_batch("BEGIN").map_err(refused)?;
        Ok(Self { connection, missing_log, _lock: lock })
    }
}

/// The run that the file names, if its mark is sound.
fn mark_is_sound(connection: &Connection) -> rusqlite::Result<bool> {
    let marks: i64 = connection.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?;
    Ok(marks == 1 && Run::read(connection)?.is_some())
}
