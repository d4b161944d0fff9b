//! One writer a database, and a note of how far it came.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::OpenError;
use crate::db::files::{Identity, Names, identity};
use crate::db::run::Run;

/// How often a lock that is held is tried again, and the pause between.
const ATTEMPTS: usize = 25;
const PAUSE: Duration = Duration::from_millis(20);

/// The databases that this process has open. Closing a second handle of one of them would drop the locks that SQLite
/// has on the file, so a second opener must not even look at it.
static OPEN: LazyLock<Mutex<HashSet<Identity>>> = LazyLock::new(Mutex::default);

fn open() -> MutexGuard<'static, HashSet<Identity>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held while the database is open. The operating system lets go of it however the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    note: File,
    database: Option<(File, Identity)>,
}

impl Lock {
    /// Takes the lock of a database that may not exist yet: that of the lock file beside it.
    pub(crate) fn take(names: &Names) -> Result<Self, OpenError> {
        if fs::metadata(&names.database).is_ok_and(|found| open().contains(&identity(&found))) {
            return Err(OpenError::Locked(names.database.clone()));
        }
        let failed = |cause| OpenError::Folder(names.lock.clone(), cause);
        let note = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&names.lock);
        let note = note.map_err(failed)?;
        lock(&note, names, names.lock.clone())?;
        Ok(Self { note, database: None })
    }

    /// Takes the lock of the database file itself, which is made if it is missing: one file has one writer, by whatever
    /// name it is opened, and with or without the lock file.
    pub(crate) fn take_database(&mut self, names: &Names) -> Result<(), OpenError> {
        let failed = |cause| OpenError::Folder(names.database.clone(), cause);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&names.database);
        let file = file.map_err(failed)?;
        let identity = identity(&file.metadata().map_err(failed)?);
        // Elsewhere a lock of the whole file would keep SQLite's own locks out.
        #[cfg(target_os = "linux")]
        lock(&file, names, names.database.clone())?;
        #[cfg(unix)]
        open().insert(identity);
        self.database = Some((file, identity));
        Ok(())
    }

    /// Notes the run that writes, by its mark, and the last occurrence that it committed.
    pub(crate) fn note(&self, mark: &str, last_seq: i64) {
        // A fixed width, so that each note covers the one before. A note that cannot be written makes a later start more
        // careful, not wrong.
        let _ = write_at_start(&self.note, format!("{mark} {last_seq:020}\n").as_bytes());
    }

    /// Makes the note durable.
    pub(crate) fn sync_note(&self) -> io::Result<()> {
        self.note.sync_all()
    }
}

/// What the lock file says about the log beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) run: Run,
    pub(crate) last_seq: i64,
}

impl Note {
    /// The note that the last run left, if it left one that can be read.
    pub(crate) fn read(names: &Names) -> Option<Self> {
        let text = fs::read_to_string(&names.lock).ok()?;
        let (run, seq) = text.lines().next()?.rsplit_once(' ')?;
        Some(Self { run: Run::parse(run)?, last_seq: seq.parse().ok()? })
    }
}

/// Held while a database is only read: nothing writes to it meanwhile.
#[derive(Debug)]
pub(crate) struct ReadLock {
    _files: Vec<File>,
}

/// Takes the lock for reading. Nothing is made for it, so a folder that cannot be written to will do.
pub(crate) fn take_to_read(names: &Names) -> Result<ReadLock, OpenError> {
    if fs::metadata(&names.database).is_ok_and(|found| open().contains(&identity(&found))) {
        return Err(OpenError::Locked(names.database.clone()));
    }
    let mut files = Vec::new();
    // Elsewhere a lock of the database would keep SQLite's own locks out.
    let database = cfg!(target_os = "linux").then_some(&names.database);
    for path in database.into_iter().chain(names.lock.exists().then_some(&names.lock)) {
        let file = File::open(path).map_err(|cause| OpenError::Folder(path.clone(), cause))?;
        patiently(|| file.try_lock_shared(), names, path.clone())?;
        files.push(file);
    }
    Ok(ReadLock { _files: files })
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((_, identity)) = &self.database {
            open().remove(identity);
        }
    }
}

fn lock(file: &File, names: &Names, path: PathBuf) -> Result<(), OpenError> {
    patiently(|| file.try_lock(), names, path)
}

/// A process that just ended, or is just starting a program, may hold a lock for a moment longer.
fn patiently(
    mut attempt: impl FnMut() -> Result<(), TryLockError>,
    names: &Names,
    path: PathBuf,
) -> Result<(), OpenError> {
    for _ in 0..ATTEMPTS {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(cause)) => return Err(OpenError::Folder(path, cause)),
        }
    }
    Err(OpenError::Locked(names.database.clone()))
}

#[cfg(unix)]
fn write_at_start(file: &File, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt;

    file.write_all_at(bytes, 0)
}

#[cfg(not(unix))]
fn write_at_start(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};

    file.seek(SeekFrom::Start(0))?;
    file.write_all(bytes)
}
