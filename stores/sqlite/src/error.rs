//! What can go wrong, at the start and later.

use std::fmt;
use std::io;
use std::path::PathBuf;

use pik_core::StoreError;
use rusqlite::ErrorCode;

/// Why a database could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The folder could not be created or its lock file not be written.
    Folder(PathBuf, io::Error),
    /// Another process has the database open.
    Locked(PathBuf),
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
    /// SQLite refused the file.
    Database(PathBuf, rusqlite::Error),
    /// The operating system refused a thread.
    Thread(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path, cause) => {
                write!(f, "cannot write to `{}`: {cause}; give a folder that this user may write to", path.display())
            }
            Self::Locked(path) => {
                write!(f, "`{}` is open in another process; stop that one or give another folder", path.display())
            }
            Self::NotOurs(path) => {
                write!(f, "`{}` is a database of another program; give another folder", path.display())
            }
            Self::Newer { path, found, known } => write!(
                f,
                "`{}` has schema version {found}, this program knows up to {known}; use the newer program that wrote it",
                path.display()
            ),
            Self::Database(path, cause) => {
                write!(f, "cannot open `{}`: {cause}; restore it from a backup if it is damaged", path.display())
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
            Self::Locked(_) | Self::NotOurs(_) | Self::Newer { .. } => None,
        }
    }
}

/// What a failing statement means to whoever waits for it.
pub(crate) fn store_error(error: &rusqlite::Error) -> StoreError {
    let Some(code) = error.sqlite_error_code() else {
        // Not SQLite's: a column that does not hold what we wrote.
        return StoreError::Internal(error.to_string());
    };
    match code {
        ErrorCode::DiskFull => StoreError::Unavailable(format!("the disk is full, free some space: {error}")),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationAborted
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen => StoreError::Unavailable(error.to_string()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Internal(format!("the database is damaged, restore it from a backup: {error}"))
        }
        ErrorCode::InternalMalfunction
        | ErrorCode::PermissionDenied
        | ErrorCode::ReadOnly
        | ErrorCode::NotFound
        | ErrorCode::SchemaChanged
        | ErrorCode::TooBig
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::ApiMisuse
        | ErrorCode::NoLargeFileSupport
        | ErrorCode::AuthorizationForStatementDenied
        | ErrorCode::ParameterOutOfRange
        | ErrorCode::Unknown => StoreError::Internal(error.to_string()),
        // The enum is open: what SQLite may yet invent is nothing that a pause is known to cure.
        _ => StoreError::Internal(error.to_string()),
    }
}
