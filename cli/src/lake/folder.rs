//! A lake in a folder, which one run holds at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, linkat, openat, unlinkat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::manifest::{self, Listed, Manifest};
use super::writable::Lake;
use crate::sha256;
use crate::transfer::{NO_LINK, TOGETHER, all_of_disk, make_root, open_beneath, open_beneath_unsynced, sync};

/// The folder of files that have not their names yet.
const PARTS: &str = "_parts";
/// The part that becomes a manifest.
const MANIFEST: &str = "manifest";

/// All manifests, in order; none if there is no lake.
pub(super) fn manifests(lake: &Path) -> Result<Vec<Manifest>> {
    let folder = lake.join(manifest::FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read `{}`", folder.display()))?,
    };
    Manifest::chain(entries.count(), |name| {
        let path = folder.join(name);
        let read = || {
            ensure!(path.symlink_metadata()?.is_file(), "it is no regular file");
            Ok(fs::read(&path)?)
        };
        (path.display().to_string(), read())
    })
}

/// Gives `take` the name of each file, but of those that readers skip.
pub(super) fn each_file(lake: &Path, take: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
    let mut waiting = vec![String::new()];
    while let Some(folder) = waiting.pop() {
        let path = lake.join(&folder);
        for entry in fs::read_dir(&path).with_context(|| format!("cannot read `{}`", path.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(['_', '.']) {
                continue;
            }
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.file_type()?.is_dir() {
                waiting.push(path);
            } else {
                take(path)?;
            }
        }
    }
    Ok(())
}

/// Opens a regular file, through no link; `None` if it is missing.
pub(super) fn open(path: &Path) -> Result<Option<File>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    ensure!(file.metadata()?.is_file(), "it is no regular file");
    Ok(Some(file))
}

/// A lake in a folder that is written to.
pub(crate) struct FolderLake {
    path: PathBuf,
    root: OwnedFd,
    parts: OwnedFd,
    /// Until the run ends, no other one writes here.
    _lock: File,
    rounds: u32,
    last: Option<Manifest>,
}

impl FolderLake {
    /// Opens a lake, made if it is missing, and ends what a killed run had begun: files that a manifest lists get their
    /// names, and others are removed.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let root = make_root(path)?;
        let lock = File::from(openat(&root, ".", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?);
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another export writes into `{}`; wait for its end", path.display()),
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the folder of the lake"),
        }
        let mut all = manifests(path)?;
        if all.is_empty()
            && let Some(name) = stranger(path)?
        {
            bail!(
                "`{}` is no lake: it has `{name}`, and no manifest; name a new or empty folder for a lake",
                path.display()
            );
        }
        let rounds = u32::try_from(all.len()).context("too many rounds")?;
        let parts =
            open_beneath(&root, PARTS).with_context(|| format!("cannot open `{}`", path.join(PARTS).display()))?;
        let lake = Self { path: path.to_owned(), root, parts, _lock: lock, rounds, last: all.pop() };
        if let Some(last) = &lake.last {
            lake.name_files(last)?;
        }
        lake.remove_parts()?;
        Ok(lake)
    }

    fn create(&self, name: &str) -> Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | NO_LINK;
        let file = openat(&self.parts, name, flags, Mode::from_raw_mode(0o666));
        file.map(File::from).with_context(|| format!("cannot make a file in `{}`", self.path.join(PARTS).display()))
    }

    /// Gives the files of a manifest their names, if they have not got them yet.
    fn name_files(&self, manifest: &Manifest) -> Result<()> {
        for file in &manifest.files {
            let (folder, name) = file.path.rsplit_once('/').context("a file of a lake lies in a folder")?;
            self.name_part(&part_of(&file.path), folder, name)?;
        }
        // A file is only as durable as its entry in the folder.
        self.sync_disk()
    }

    /// Gives a part its name. It does nothing if the part is gone: then it has it.
    fn name_part(&self, part: &str, folder: &str, name: &str) -> Result<()> {
        let path = || self.path.join(folder).join(name).display().to_string();
        let into = open_beneath_unsynced(&self.root, folder).with_context(|| format!("cannot write `{}`", path()))?;
        match linkat(&self.parts, part, &into, name, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(()),
            Err(Errno::EXIST) if same(&self.parts, part, &into, name)? => {}
            Err(Errno::EXIST) => bail!("`{}` is there and is not of this lake; move it away", path()),
            Err(error) => return Err(error).with_context(|| format!("cannot write `{}`", path())),
        }
        if !TOGETHER {
            sync(&self.root, &[into])?;
        }
        Ok(unlinkat(&self.parts, part, AtFlags::empty())?)
    }

    fn sync_disk(&self) -> Result<()> {
        if TOGETHER {
            all_of_disk(&self.root).with_context(|| format!("cannot sync `{}`", self.path.display()))?;
        }
        Ok(())
    }

    fn remove_parts(&self) -> Result<()> {
        for entry in Dir::read_from(&self.parts)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                unlinkat(&self.parts, entry.file_name(), AtFlags::empty())
                    .with_context(|| format!("cannot empty `{}`", self.path.join(PARTS).display()))?;
            }
        }
        Ok(())
    }
}

impl Lake for FolderLake {
    fn last(&self) -> Option<&Manifest> {
        self.last.as_ref()
    }

    fn next_round(&self) -> u32 {
        self.rounds + 1
    }

    fn add(&self, path: &str, write: &mut dyn FnMut(&mut (dyn Write + Send)) -> Result<Listed>) -> Result<Listed> {
        let file = self.create(&part_of(path))?;
        let mut out = BufWriter::new(&file);
        let listed = write(&mut out)?;
        out.flush()?;
        // Of many files, each would be a wait; where they can be synced together, the end of the round does that.
        if !TOGETHER {
            file.sync_all()?;
        }
        Ok(listed)
    }

    fn commit(&mut self, manifest: Manifest) -> Result<()> {
        self.sync_disk()?;
        let mut part = self.create(MANIFEST)?;
        part.write_all(&manifest.to_text()?)?;
        sync(&self.parts, &[part])?;
        let name = Manifest::name(manifest.round);
        self.name_part(MANIFEST, manifest::FOLDER, &name)?;
        self.sync_disk()?;
        self.name_files(&manifest)?;
        self.rounds = manifest.round;
        self.last = Some(manifest);
        Ok(())
    }
}

/// Whether two names are of one file: a run was killed after it gave a part its name.
fn same(one: &OwnedFd, name: &str, other: &OwnedFd, path: &str) -> io::Result<bool> {
    let stat = |folder, name| rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    let (one, other) = (stat(one, name)?, stat(other, path)?);
    Ok((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))
}

/// The name of a file while it is no part of the lake.
pub(super) fn part_of(path: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(path);
    sha256::text(hash)
}

/// The name of something in a folder that readers of a lake do not skip.
fn stranger(folder: &Path) -> Result<Option<String>> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['_', '.']) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
