//! One process a database.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::OpenError;

/// Held while the database is open. The operating system lets go of it however the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock beside the database at `path`. SQLite's own locks would let a second writer in.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock_path = PathBuf::from(name);
        let folder_error = |cause| OpenError::Folder(lock_path.clone(), cause);
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(folder_error)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(folder_error(cause)),
        }
    }
}
