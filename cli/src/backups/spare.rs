//! A whole database on its way to a bucket, or out of one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

const NAME: &str = "pik-backup.tmp";
/// What SQLite and a copy put beside a file.
const BESIDE: [&str; 5] = ["", ".part", ".part-journal", "-wal", "-shm"];

/// A file in the folder of the database, where there is room for it. Gone when this is dropped; what a run that was
/// killed left behind is removed by the next one.
pub(crate) struct Spare {
    file: PathBuf,
    /// Locked: one run at a time has the file.
    _folder: File,
}

impl Spare {
    pub(crate) fn within(folder: &Path) -> Result<Self> {
        let shown =
            || format!("cannot use `{}` for the copy that goes to the bucket or comes from it", folder.display());
        let lock = File::open(folder).with_context(shown)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another backup or restore with a bucket is under way in `{}`; wait until it ends",
                    folder.display()
                )
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(shown),
        }
        let spare = Self { file: folder.join(NAME), _folder: lock };
        spare.remove().with_context(shown)?;
        Ok(spare)
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    fn remove(&self) -> io::Result<()> {
        for beside in BESIDE {
            let mut name = self.file.clone().into_os_string();
            name.push(beside);
            match fs::remove_file(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        // The next run tries again.
        let _ = self.remove();
    }
}
