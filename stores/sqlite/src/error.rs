//! What can go wrong, at the start and later.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use pik_core::{Obstacle, StoreError};
use rusqlite::{ErrorCode, ffi};

/// Why a database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// A file or folder could not be created, read or written.
    Folder(PathBuf, io::Error),
    /// There is no database at this path, and none is made.
    Missing(PathBuf),
    /// Another process has the database open.
    Locked(PathBuf),
    /// Another program reads an old state of the database, so that what a crash left cannot be moved into it.
    Read(PathBuf),
    /// The file is a database of something else.
    NotOurs(PathBuf),
    /// The file was written by a newer version of this program.
    Newer {
        /// The database.
        path: PathBuf,
        /// The version of the file's schema.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// There is a log and no database that it belongs to.
    LogWithoutDatabase {
        /// Where the database should be.
        database: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// The database was not closed, and its log is gone.
    LogMissing {
        /// The database.
        database: PathBuf,
        /// How many records the log held that the database does not, if that is known.
        lost: Option<u64>,
    },
    /// The log beside the database was written for another one.
    ForeignLog {
        /// The database.
        database: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// SQLite refused the file.
    Database(PathBuf, rusqlite::Error),
    /// The operating system refused a thread.
    Thread(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path, cause) => write!(f, "cannot use `{}`: {cause}; {}", path.display(), remedy(cause)),
            Self::Missing(path) => {
                write!(f, "there is no database at `{}`; name the folder that holds `pik.sqlite`", path.display())
            }
            Self::Locked(path) => {
                write!(f, "`{}` is open in another process; stop that one or give another folder", path.display())
            }
            Self::Read(path) => write!(
                f,
                "another program reads an old state of `{}`, so that what a crash left in its log cannot be moved into \
                 it; end that program or its transaction",
                path.display()
            ),
            Self::NotOurs(path) => {
                write!(f, "`{}` is a database of another program; give another folder", path.display())
            }
            Self::Newer { path, found, known } => write!(
                f,
                "`{}` has schema version {found}, this program knows up to {known}; use the newer program that wrote it",
                path.display()
            ),
            Self::LogWithoutDatabase { database, log } => write!(
                f,
                "`{}` is missing, and its log `{}` is there and holds events; put the database back beside its log, or \
                 move the log away and restore a backup. Nothing was changed",
                database.display(),
                log.display()
            ),
            Self::LogMissing { database, lost } => {
                write!(f, "`{}` was not closed in good order, and its log (-wal) is missing; ", database.display())?;
                match lost {
                    Some(count) => write!(f, "the last {count} records are in that log. ")?,
                    None => f.write_str("events that were answered may be in that log. ")?,
                }
                f.write_str(
                    "Put the log back beside the database, restore a backup, or take what is there into \
                     another folder with `pik restore --without-log`. Nothing was changed",
                )
            }
            Self::ForeignLog { database, log } => write!(
                f,
                "the log `{}` was not written for `{}`. If the database was restored from a backup, move the old log \
                 away; if both were put here together, delete `{}.lock`. Nothing was changed",
                log.display(),
                database.display(),
                database.display()
            ),
            Self::Database(path, cause) => {
                write!(f, "cannot open `{}`: {cause}; {}", path.display(), Fault::of(cause).remedy())
            }
            Self::Thread(cause) => write!(f, "cannot start a thread: {cause}; raise the limit on processes"),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(_, cause) | Self::Thread(cause) => Some(cause),
            Self::Database(_, cause) => Some(cause),
            Self::Missing(_)
            | Self::Locked(_)
            | Self::Read(_)
            | Self::NotOurs(_)
            | Self::Newer { .. }
            | Self::LogWithoutDatabase { .. }
            | Self::LogMissing { .. }
            | Self::ForeignLog { .. } => None,
        }
    }
}

/// What to do about a failure of the operating system.
fn remedy(cause: &io::Error) -> &'static str {
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::Full.remedy(),
        ErrorKind::ReadOnlyFilesystem => Fault::ReadOnly.remedy(),
        ErrorKind::PermissionDenied => "give a folder that this user may write to",
        // The kinds are many, and others may come.
        _ if cause.raw_os_error() == Some(EIO) => Fault::Disk.remedy(),
        _ => "give a folder that this user may write to",
    }
}

/// "Input/output error", on every Unix.
const EIO: i32 = 5;

/// What a failure of SQLite comes to for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Full,
    ReadOnly,
    Disk,
    Damaged,
    Busy,
    Memory,
    Program,
}

impl Fault {
    pub(crate) fn of(error: &rusqlite::Error) -> Self {
        let Some(sqlite) = error.sqlite_error() else {
            // Not SQLite's: a column that does not hold what we wrote.
            return Self::Damaged;
        };
        match sqlite.code {
            ErrorCode::DiskFull => Self::Full,
            // The shared memory could not be made as large as it must be.
            ErrorCode::SystemIoFailure if sqlite.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
            ErrorCode::SystemIoFailure if sqlite.extended_code == ffi::SQLITE_IOERR_NOMEM => Self::Memory,
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => Self::Disk,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Self::ReadOnly,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged,
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationAborted
            | ErrorCode::OperationInterrupted => Self::Busy,
            ErrorCode::OutOfMemory => Self::Memory,
            ErrorCode::InternalMalfunction
            | ErrorCode::NotFound
            | ErrorCode::SchemaChanged
            | ErrorCode::TooBig
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::ApiMisuse
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::AuthorizationForStatementDenied
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::Unknown => Self::Program,
            // The enum is open: what SQLite may yet invent is nothing that a pause is known to cure.
            _ => Self::Program,
        }
    }

    /// What the operator is told to do.
    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::Full => "the disk is full: free some space",
            Self::ReadOnly => "the file or its file system is read-only: mount it for writing, or give another folder",
            Self::Disk => {
                "the disk reports an error, or its file system has become read-only: look into the system's log, and \
                 move to another disk if it stays"
            }
            Self::Damaged => "the database is damaged: see what is lost with `pik verify`, and restore a backup",
            Self::Busy => "another program holds the database: end that program or its transaction",
            Self::Memory => "the machine is out of memory: free some, or give it more",
            Self::Program => "this is a fault of the program: report it",
        }
    }
}

/// What a failing statement means to the caller that waits for it.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    let fault = Fault::of(error);
    let reason = format!("{} ({error})", fault.remedy());
    match fault {
        Fault::Full => StoreError::Blocked(Obstacle::DiskFull, reason),
        Fault::ReadOnly => StoreError::Blocked(Obstacle::ReadOnly, reason),
        Fault::Disk | Fault::Busy | Fault::Memory => StoreError::Unavailable(reason),
        Fault::Damaged | Fault::Program => StoreError::Internal(reason),
    }
}
