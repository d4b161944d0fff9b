//! The raw objects of a folder, in the order of their keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pik_core::RawKey;

/// What a folder holds.
pub(crate) enum Met {
    Object(RawKey, PathBuf),
    /// A file that is no raw object by its name.
    Stranger(PathBuf),
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
        if !raw.is_dir() {
            bail!("`{}` has no folder `raw`; name the folder that was exported to", root.display());
        }
        Ok(Self { root: root.to_owned(), waiting: vec![raw] })
    }

    fn step(&mut self, path: PathBuf) -> io::Result<Option<Met>> {
        if path.is_dir() {
            let mut inside: Vec<PathBuf> =
                fs::read_dir(&path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
            inside.sort_unstable_by(|one, other| other.cmp(one));
            self.waiting.append(&mut inside);
            return Ok(None);
        }
        let key = path.strip_prefix(&self.root).ok().and_then(Path::to_str).and_then(|key| key.parse().ok());
        Ok(Some(match key {
            Some(key) => Met::Object(key, path),
            None => Met::Stranger(path),
        }))
    }
}

impl Iterator for Walk {
    type Item = Result<Met>;

    fn next(&mut self) -> Option<Result<Met>> {
        loop {
            let path = self.waiting.pop()?;
            let shown = path.display().to_string();
            match self.step(path).with_context(|| format!("cannot read `{shown}`")) {
                Ok(None) => {}
                Ok(Some(met)) => return Some(Ok(met)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
