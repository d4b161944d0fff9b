//! Copies of a database: backups of one in use, and what is put back from them.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use pik_core::Notice;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;
use crate::db::files::Names;
use crate::db::run::{Run, uri};
use crate::db::{opening, schema};
use crate::verify::{Inspected, inspect};

/// What to do with a database whose log is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingLog {
    /// It is not copied.
    Refuse,
    /// What the database has without it is copied, and is a database of its own from then on.
    Accept,
}

/// Why there is no copy.
#[derive(Debug)]
pub enum CopyError {
    /// The database cannot be read.
    Source(OpenError),
    /// There is something where the copy would be.
    Exists(PathBuf),
    /// The copy cannot be written.
    Write(PathBuf, io::Error),
    /// SQLite failed while it copied.
    Copy(PathBuf, rusqlite::Error),
    /// The copy was verified, and has findings.
    Damaged(PathBuf),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Exists(path) => {
                write!(
                    f,
                    "`{}` is there already and is left as it is; move it away or give another name",
                    path.display()
                )
            }
            Self::Write(path, cause) => write!(f, "cannot write `{}`: {cause}", path.display()),
            Self::Copy(path, cause) => write!(f, "cannot copy `{}`: {cause}", path.display()),
            Self::Damaged(path) => write!(
                f,
                "`{}` is damaged, so there is no copy; `pik verify` tells what is lost, and `cp` copies the file as it is",
                path.display()
            ),
        }
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Source(error) => Some(error),
            Self::Write(_, cause) => Some(cause),
            Self::Copy(_, cause) => Some(cause),
            Self::Exists(_) | Self::Damaged(_) => None,
        }
    }
}

/// Copies the database at `from` to `to`, with its log, as it is at one moment; a server may go on writing to it. The copy
/// is verified before it has its name, and `tell` hears what the verification finds.
pub fn copy(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    missing_log: MissingLog,
    mut tell: impl FnMut(Notice),
) -> Result<Inspected, CopyError> {
    let (from, to) = (from.as_ref(), to.as_ref());
    for name in [to.to_path_buf(), with(to, "-wal")] {
        if name.symlink_metadata().is_ok() {
            return Err(CopyError::Exists(name));
        }
    }
    let source = open(from, missing_log).map_err(CopyError::Source)?;
    let part = with(to, ".part");
    remove_part(&part);
    let done = write(&source, from, &part).and_then(|()| {
        let mut findings = 0_usize;
        let inspected = inspect(&part, |notice| {
            findings += usize::from(matches!(notice, Notice::Found(_)));
            tell(notice);
        });
        let inspected = inspected.map_err(CopyError::Source)?;
        if findings > 0 {
            return Err(CopyError::Damaged(from.to_owned()));
        }
        name(&part, to).map_err(|cause| CopyError::Write(to.to_owned(), cause))?;
        Ok(inspected)
    });
    if done.is_err() {
        remove_part(&part);
    }
    done
}

/// The source, read as it is at one moment.
fn open(path: &Path, missing_log: MissingLog) -> Result<Connection, OpenError> {
    if !path.is_file() {
        return Err(OpenError::Missing(path.to_owned()));
    }
    let unreadable = |cause| OpenError::Folder(path.to_owned(), cause);
    let refused = |cause| OpenError::Database(path.to_owned(), cause);
    let names = Names::of(path).map_err(unreadable)?;
    let has_log = names.log_length().map_err(unreadable)? > 0;
    if has_log {
        opening::refuse_foreign_log(&names)?;
    } else if missing_log == MissingLog::Refuse {
        opening::require_log(&names)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let parameters = if has_log { "mode=ro" } else { "immutable=1" };
    let connection = Connection::open_with_flags(uri(&names.database, parameters), flags).map_err(refused)?;
    opening::keep_log(&connection).map_err(refused)?;
    schema::check(&connection, path)?;
    Ok(connection)
}

fn write(source: &Connection, from: &Path, part: &Path) -> Result<(), CopyError> {
    let failed = |cause| CopyError::Copy(from.to_owned(), cause);
    let mut target = Connection::open(part).map_err(failed)?;
    // In one step: one that pauses begins anew whenever a server has written something.
    let step = Backup::new(source, &mut target).and_then(|backup| backup.step(-1)).map_err(failed)?;
    if step != StepResult::Done {
        return Err(CopyError::Write(part.to_owned(), io::Error::from(io::ErrorKind::ResourceBusy)));
    }
    // A run of its own, that ended in good order: no log follows the copy, and none of the source is taken for its.
    target.execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;").map_err(failed)?;
    schema::add_missing(&target).map_err(failed)?;
    let run = Run::new(&target).map_err(failed)?;
    Run { is_open: false, ..run }.begin(&target).map_err(failed)?;
    target.close().map_err(|(_, cause)| failed(cause))?;
    File::open(part).and_then(|file| file.sync_all()).map_err(|cause| CopyError::Write(part.to_owned(), cause))
}

fn name(part: &Path, to: &Path) -> io::Result<()> {
    // Unlike a rename, a link never takes the place of another file.
    fs::hard_link(part, to)
        .or_else(|_| if to.exists() { Err(io::ErrorKind::AlreadyExists.into()) } else { fs::rename(part, to) })?;
    let _ = fs::remove_file(part);
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Removes what an attempt left that did not end.
fn remove_part(part: &Path) {
    for name in [part.to_path_buf(), with(part, "-wal"), with(part, "-shm"), with(part, "-journal")] {
        let _ = fs::remove_file(name);
    }
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.into();
    name.push(suffix);
    name.into()
}
