//! The files of a database, and whether they are still the ones that were opened.
//!
//! A file that is open can be moved, deleted or replaced. SQLite goes on writing to it, and each commit succeeds. So the
//! names are compared with what was opened before anything is answered.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Reserved for the shared memory, so that it never meets a full disk: enough for a log of 64 Ki pages.
const SHARED_BYTES: u64 = 512 * 1024;

/// The names of a database's files, with all symbolic links resolved. SQLite resolves them too, and puts its log beside
/// the file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) database: PathBuf,
    /// The write-ahead log.
    pub(crate) log: PathBuf,
    /// Where SQLite's connections share what they know of the log.
    pub(crate) shared: PathBuf,
    pub(crate) lock: PathBuf,
}

impl Names {
    /// The names for the database at `path`, which need not exist; its folder must.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let database = match path.canonicalize() {
            Err(error) if error.kind() == ErrorKind::NotFound && path.symlink_metadata().is_err() => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                folder.canonicalize()?.join(path.file_name().ok_or(ErrorKind::IsADirectory)?)
            }
            canonical => canonical?,
        };
        let beside = |suffix: &str| {
            let mut name: OsString = database.clone().into();
            name.push(suffix);
            PathBuf::from(name)
        };
        Ok(Self { log: beside("-wal"), shared: beside("-shm"), lock: beside(".lock"), database })
    }

    /// The length of the log; none when there is no log.
    pub(crate) fn log_length(&self) -> io::Result<u64> {
        length(&self.log)
    }

    /// The length of the database; none when there is no such file.
    pub(crate) fn database_length(&self) -> io::Result<u64> {
        length(&self.database)
    }

    /// Takes the space that the shared memory will need and gives it back. SQLite maps that file into memory and writes
    /// to the map: on a full disk the process would end with SIGBUS there, instead of reading an error.
    pub(crate) fn probe_space(&self) -> io::Result<()> {
        let mut name: OsString = self.database.clone().into();
        name.push(".space");
        let probe = PathBuf::from(name);
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(&probe)?;
        let reserved = reserve(&file);
        drop(file);
        fs::remove_file(&probe).and(reserved)
    }
}

fn length(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(target_os = "linux")]
fn reserve(file: &File) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::empty(), 0, SHARED_BYTES) {
        // A file system without this call allocates when SQLite writes.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File) -> io::Result<()> {
    Ok(())
}

/// A file that is not where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    Database,
    Log,
    Shared,
}

impl Lost {
    /// What the operator must know.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Database => {
                "the database file was moved, deleted or replaced while the server runs; nothing is stored until it is \
                 back in its place or the server is restarted"
            }
            Self::Log => {
                "the database's log (-wal) was moved, deleted or replaced while the server runs; nothing is stored \
                 until it is back in its place. Stop the server in good order: it saves what the log holds"
            }
            Self::Shared => {
                "the database's shared memory (-shm) was moved, deleted or replaced while the server runs; nothing is \
                 stored until the server is restarted"
            }
        }
    }
}

/// The files as they were opened.
#[derive(Debug)]
pub(crate) struct Files {
    names: Names,
    database: Identity,
    log: Identity,
    shared: Identity,
    // Kept open: to close any handle of this file would drop the locks that SQLite has on it in this process.
    _shared: File,
}

impl Files {
    /// Notes which files are open now. Call it when SQLite has made its log.
    pub(crate) fn note(names: Names) -> io::Result<Self> {
        let shared = OpenOptions::new().read(true).write(true).open(&names.shared)?;
        let identity = identity(&shared.metadata()?);
        reserve(&shared)?;
        Ok(Self {
            database: identity_at(&names.database)?,
            log: identity_at(&names.log)?,
            shared: identity,
            _shared: shared,
            names,
        })
    }

    /// Whether each name still leads to the file that is open.
    pub(crate) fn check(&self) -> Result<(), Lost> {
        let is_there = |path, opened| identity_at(path).is_ok_and(|found| found == opened);
        if !is_there(&self.names.database, self.database) {
            return Err(Lost::Database);
        }
        if !is_there(&self.names.log, self.log) {
            return Err(Lost::Log);
        }
        if !is_there(&self.names.shared, self.shared) {
            return Err(Lost::Shared);
        }
        Ok(())
    }
}

/// What stays the same of a file when it is renamed.
#[cfg(unix)]
pub(crate) type Identity = (u64, u64);
/// An open file cannot be renamed or deleted here.
#[cfg(not(unix))]
pub(crate) type Identity = ();

#[cfg(unix)]
pub(crate) fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(crate) fn identity(_: &Metadata) -> Identity {}

fn identity_at(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata| identity(&metadata))
}
