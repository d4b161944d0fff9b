//! Folders below a root that is trusted, where what lies in them is not: no link is followed.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, mkdirat, open, openat};
use rustix::io::Errno;

/// Whether many files are synced together with all else on their disk, which takes little longer than one.
pub(crate) const TOGETHER: bool = cfg!(target_os = "linux");
/// More files than this are synced together.
const FEW: usize = 8;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::RDONLY).union(OFlags::CLOEXEC);
/// Opening a FIFO or a device does not wait.
pub(crate) const NO_LINK: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The root; made, with the folders above it, if it is missing.
pub(crate) fn make_root(path: &Path) -> Result<OwnedFd> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder `{}`", path.display()))?;
    open(path, FOLDER, Mode::empty()).with_context(|| format!("cannot open the folder `{}`", path.display()))
}

/// Opens a folder below another one, and makes each that is missing.
pub(crate) fn open_beneath(root: &OwnedFd, name: &str) -> Result<OwnedFd> {
    descend(root, name, true).map_err(told)
}

/// [`open_beneath`] for who calls [`all_of_disk`] afterwards, where that is possible.
pub(crate) fn open_beneath_unsynced(root: &OwnedFd, name: &str) -> Result<OwnedFd> {
    descend(root, name, !TOGETHER).map_err(told)
}

fn descend(root: &OwnedFd, name: &str, sync: bool) -> Result<OwnedFd, Errno> {
    let mut folder = openat(root, ".", FOLDER, Mode::empty())?;
    for part in name.split('/') {
        let below = match openat(&folder, part, FOLDER | NO_LINK, Mode::empty()) {
            Err(Errno::NOENT) => {
                match mkdirat(&folder, part, Mode::from_raw_mode(0o777)) {
                    // A folder is only as durable as its entry in the one above.
                    Ok(()) if sync => rustix::fs::fsync(&folder)?,
                    Ok(()) => {}
                    // Another run was faster.
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                openat(&folder, part, FOLDER | NO_LINK, Mode::empty())?
            }
            opened => opened?,
        };
        folder = below;
    }
    Ok(folder)
}

/// The error of an open, with what it means where no link is followed.
fn told(error: Errno) -> anyhow::Error {
    match error {
        Errno::LOOP | Errno::NOTDIR => anyhow::Error::new(io::Error::from(error))
            .context("something in its path is a link or no folder, and links are not followed"),
        error => io::Error::from(error).into(),
    }
}

/// Syncs files: one by one, or many together.
pub(crate) fn sync<F: AsFd>(root: &OwnedFd, files: &[F]) -> io::Result<()> {
    if TOGETHER && files.len() > FEW {
        return all_of_disk(root);
    }
    files.iter().try_for_each(|file| Ok(rustix::fs::fsync(file)?))
}

/// Syncs all of a disk; only where that is possible.
#[cfg(target_os = "linux")]
pub(crate) fn all_of_disk(root: &OwnedFd) -> io::Result<()> {
    Ok(rustix::fs::syncfs(root)?)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn all_of_disk(_: &OwnedFd) -> io::Result<()> {
    unreachable!("other systems sync file by file")
}
