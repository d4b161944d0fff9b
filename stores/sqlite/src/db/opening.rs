//! From a path to a database that may be written: whose file it is, whether it is whole, and what a crash left.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;
use crate::db::files::{Files, Names};
use crate::db::lock::{Lock, Note};
use crate::db::run::{Run, uri};
use crate::db::{checkpoint, schema};

/// How long to wait at the start for other programs that read an old state of the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database that was opened for writing.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) names: Names,
    pub(crate) files: Files,
    pub(crate) run: Run,
    // The last field: it is let go of after the connection is closed.
    pub(crate) lock: Lock,
}

/// Opens the database at `path` for writing. Its folder is there.
pub(crate) fn open(path: &Path) -> Result<Opened, OpenError> {
    let names = Names::of(path).map_err(|cause| OpenError::Folder(path.to_owned(), cause))?;
    let unreadable = |cause| OpenError::Folder(names.database.clone(), cause);
    let refused = |cause| OpenError::Database(names.database.clone(), cause);

    let mut lock = Lock::take(&names)?;
    let log = names.log_length().map_err(unreadable)?;
    if log > 0 && names.database_length().map_err(unreadable)? == 0 {
        // SQLite would make a new database and delete the log.
        return Err(OpenError::LogWithoutDatabase { database: names.database, log: names.log });
    }
    lock.take_database(&names)?;
    names.probe_space().map_err(unreadable)?;
    let recovered = if log > 0 {
        Some(recover(&names)?)
    } else {
        require_log(&names)?;
        None
    };
    let connection = schema::open_writer(&names.database)?;
    schema::add_missing(&connection).map_err(refused)?;
    let run = Run::new(&connection).map_err(refused)?;
    lock.note(&run.mark(), schema::last_seq(&connection).map_err(refused)?);
    lock.sync_note().map_err(|cause| OpenError::Folder(names.lock.clone(), cause))?;
    run.begin(&connection).map_err(refused)?;
    checkpoint::all(&connection, "FULL").map_err(refused)?;
    // Until now it has kept SQLite's knowledge that the log may be started over.
    drop(recovered);
    let files = Files::note(names.clone()).map_err(unreadable)?;
    Ok(Opened { connection, names, files, run, lock })
}

/// Refuses a log that another database's run wrote.
pub(crate) fn refuse_foreign_log(names: &Names) -> Result<(), OpenError> {
    match (Run::in_file(names), Note::read(names)) {
        (Some(file), Some(note)) if !note.run.continues(&file) => {
            Err(OpenError::ForeignLog { database: names.database.clone(), log: names.log.clone() })
        }
        (Some(_), Some(_)) | (None, _) | (_, None) => Ok(()),
    }
}

/// Leaves the log where it is when the connection is closed.
pub(crate) fn keep_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Refuses a database that needs a log and has none.
pub(crate) fn require_log(names: &Names) -> Result<(), OpenError> {
    let Some(run) = Run::in_file(names).filter(|run| run.is_open) else { return Ok(()) };
    // Whatever program was the last to close the database may have moved the log into it.
    let noted = Note::read(names).filter(|note| note.run.continues(&run)).map(|note| note.last_seq);
    let refused = |cause| OpenError::Database(names.database.clone(), cause);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(&names.database, "immutable=1"), flags).map_err(refused)?;
    let last_seq = schema::last_seq(&connection).map_err(refused)?;
    match noted {
        Some(noted) if noted <= last_seq => Ok(()),
        Some(_) | None => Err(OpenError::LogMissing {
            database: names.database.clone(),
            lost: noted.map(|noted| noted.saturating_sub(last_seq).unsigned_abs()),
        }),
    }
}

/// Moves the log that a crash left into the database, and syncs that.
///
/// The log's last frames may never have reached the disk: a process reads back what the system only holds in memory,
/// even after a sync of it failed. New frames behind them would be lost with them at a power cut. So the log is started
/// over before anything is added to it.
fn recover(names: &Names) -> Result<Connection, OpenError> {
    let refused = |cause| OpenError::Database(names.database.clone(), cause);
    refuse_foreign_log(names)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&names.database, flags).map_err(refused)?;
    // Whatever is refused below is left as it was found.
    keep_log(&connection).map_err(refused)?;
    connection.busy_timeout(PATIENCE).map_err(refused)?;
    schema::check(&connection, &names.database)?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;")
        .map_err(refused)?;
    File::open(&names.log)
        .and_then(|log| log.sync_all())
        .map_err(|cause| OpenError::Folder(names.log.clone(), cause))?;
    if checkpoint::all(&connection, "RESTART").map_err(refused)? {
        Ok(connection)
    } else {
        Err(OpenError::Read(names.database.clone()))
    }
}
