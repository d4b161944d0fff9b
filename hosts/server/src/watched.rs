//! Files that are read again when they change.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often the files are looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Settings in files, which change while the server runs.
pub trait Watched: Send + Sync {
    /// Whether a file changed since this was last asked.
    fn changed(&self) -> bool;

    /// Why a server that starts now would refuse the files.
    fn check(&self) -> anyhow::Result<()>;

    /// Reads the files again. What cannot be read changes nothing but the log.
    fn reread(&self);
}

/// What files were like when they were last looked at.
#[derive(Debug)]
pub(crate) struct Stamps<const N: usize>(Mutex<[Option<Stamp>; N]>);

/// What changes when a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        Ok(Self { inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) })
    }
}

impl<const N: usize> Stamps<N> {
    pub(crate) fn of(paths: [&PathBuf; N]) -> Self {
        Self(Mutex::new(paths.map(|path| Stamp::of(path).ok())))
    }

    pub(crate) fn changed(&self, paths: [&PathBuf; N]) -> bool {
        let now = paths.map(|path| Stamp::of(path).ok());
        let seen = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), now);
        now != seen
    }
}
