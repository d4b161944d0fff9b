//! How much the disk has left.

use std::path::{Path, PathBuf};

use pik_core::{Obstacle, StoreError};

/// The room that events must leave on the disk.
#[derive(Debug)]
pub(crate) struct Room {
    folder: PathBuf,
    min_free_bytes: u64,
}

impl Room {
    /// Of the disk on which `database` lies.
    pub(crate) fn new(database: &Path, min_free_bytes: u64) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { folder: folder.to_owned(), min_free_bytes }
    }

    /// What is free, where the disk tells it.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        free_bytes(&self.folder)
    }

    pub(crate) fn min_free_bytes(&self) -> u64 {
        self.min_free_bytes
    }

    /// Whether there is room. One look costs a microsecond, so each commit may have its own.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.min_free_bytes == 0 {
            return Ok(());
        }
        match free_bytes(&self.folder) {
            Some(free) if free < self.min_free_bytes => Err(StoreError::Blocked(
                Obstacle::DiskFull,
                format!(
                    "the disk has {free} bytes free, fewer than the {} that events must leave",
                    self.min_free_bytes
                ),
            )),
            // A disk that does not tell is written to until it is full.
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(target_os = "linux")]
fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(target_os = "linux"))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}
