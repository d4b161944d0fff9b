//! The raw objects of a folder, in the order of their keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use pik_core::{MAX_BODY_BYTES, RawKey};

use super::Object;
use crate::investigate::genuine;

/// What lies in a folder or bucket.
pub(crate) enum Met {
    Object(Object),
    /// What is no raw object, and why.
    Unusable(String),
}

impl Met {
    /// What lies under a key: an event that belongs there, if all is well.
    pub(super) fn at(key: RawKey, raw: Vec<u8>) -> Self {
        let own = match genuine(&key, &raw) {
            // What an editor put around it is not of the event.
            Ok(event) if event.raw().len() < raw.len() => Some(event.raw().to_vec()),
            Ok(_) => None,
            Err(why) => return Self::Unusable(format!("{why:#}")),
        };
        Self::Object(Object { key, raw: own.unwrap_or(raw) })
    }

    /// What has no key.
    pub(super) fn stranger(name: &str) -> Self {
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
            None => Met::stranger(&path.display().to_string()),
            Some(_) if path.metadata()?.len() > MAX_BODY_BYTES as u64 => {
                Met::Unusable(format!("`{}` is over {MAX_BODY_BYTES} bytes, which no event is", path.display()))
            }
            Some(key) => Met::at(key, fs::read(&path)?),
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
