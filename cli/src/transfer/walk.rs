//! The raw objects of a folder, in the order of their keys.
//!
//! What lies in the folder is not trusted: no link is followed, only regular files are opened, and no more is read than
//! an event may have.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pik_client::Envelope;
use pik_core::{MAX_BODY_BYTES, RawKey};
use rustix::fs::OFlags;

use super::{Object, part};
use crate::investigate::genuine;

/// What lies in a folder or bucket.
pub(crate) enum Met {
    Object(Object),
    /// What is no raw object, and why.
    Unusable(String),
}

impl Met {
    /// What lies under a key: an event that belongs there, if all is well. White space that an editor put around it is
    /// not of the event.
    pub(crate) fn at(key: RawKey, raw: &[u8]) -> Self {
        match genuine(&key, raw).map(|event| Envelope::of(&event)) {
            Ok(event) => Self::Object(Object { key, event }),
            Err(why) => Self::Unusable(format!("{why:#}")),
        }
    }

    /// What has no key.
    pub(crate) fn stranger(name: &str) -> Self {
        Self::Unusable(format!("`{name}` is no raw object by its name"))
    }
}

/// Goes through a folder in constant memory, but for the names of one folder at each level.
pub(crate) struct Walk {
    root: PathBuf,
    /// The next one last.
    waiting: Vec<PathBuf>,
}

impl Walk {
    /// Begins at the folder that holds `raw/`.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let raw = root.join("raw");
        if !raw.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            bail!("`{}` has no folder `raw`; name the folder that was exported to", root.display());
        }
        Ok(Self { root: root.to_owned(), waiting: vec![raw] })
    }

    fn step(&mut self, path: &Path) -> io::Result<Option<Met>> {
        let unusable = |why: &str| Ok(Some(Met::Unusable(format!("`{}` {why}", path.display()))));
        let kind = path.symlink_metadata()?.file_type();
        if kind.is_dir() {
            let mut inside: Vec<PathBuf> =
                fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
            inside.sort_unstable_by(|one, other| other.cmp(one));
            self.waiting.append(&mut inside);
            return Ok(None);
        }
        if kind.is_symlink() {
            return unusable("is a link; links are not followed");
        }
        if !kind.is_file() {
            return unusable("is no regular file");
        }
        if path.file_name().and_then(|name| name.to_str()).is_some_and(part::is_name) {
            return Ok(None);
        }
        let key = path.strip_prefix(&self.root).ok().and_then(Path::to_str).and_then(|key| key.parse().ok());
        let Some(key) = key else { return Ok(Some(Met::stranger(&path.display().to_string()))) };
        match read(path)? {
            None => unusable("is no regular file"),
            Some(raw) if raw.len() > MAX_BODY_BYTES => {
                unusable(&format!("is over {MAX_BODY_BYTES} bytes, which no event is"))
            }
            Some(raw) => Ok(Some(Met::at(key, &raw))),
        }
    }
}

/// The bytes of a regular file, at most one more than an event may have; `None` of anything else.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // It may have become something else since we looked: then opening it must not wait, nor lead elsewhere.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file: File = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(None);
    }
    let limit = MAX_BODY_BYTES as u64 + 1;
    let mut raw = Vec::with_capacity(found.len().min(limit) as usize);
    file.take(limit).read_to_end(&mut raw)?;
    Ok(Some(raw))
}

impl Iterator for Walk {
    type Item = Result<Met>;

    fn next(&mut self) -> Option<Result<Met>> {
        loop {
            let path = self.waiting.pop()?;
            match self.step(&path).with_context(|| format!("cannot read `{}`", path.display())) {
                Ok(None) => {}
                Ok(Some(met)) => return Some(Ok(met)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
