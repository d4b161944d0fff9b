//! A folder with raw objects under their keys.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Fate, Object, Sink};

/// Creates files and never changes one.
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// A folder; made, with the folders above it, if it is missing.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot make the folder `{}`", root.display()))?;
        Ok(Self { root: root.to_owned() })
    }

    fn create(&self, object: &Object, new_entries: &mut BTreeSet<PathBuf>) -> io::Result<Fate> {
        let path = self.root.join(object.key.as_str());
        // INVARIANT: a key has folders.
        let folder = path.parent().unwrap_or(&self.root);
        for missing in folder.ancestors().take_while(|folder| !folder.exists()) {
            new_entries.extend(missing.parent().map(Path::to_owned));
        }
        fs::create_dir_all(folder)?;
        // Nobody takes half a file for the event: it has its name once it is whole. A second run at the same time has
        // another process id.
        let part = folder.join(format!(".{}.{}.part", object.key.partition().event_id, std::process::id()));
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&part)?;
        file.write_all(&object.raw)?;
        file.sync_all()?;
        drop(file);
        let linked = fs::hard_link(&part, &path);
        fs::remove_file(&part)?;
        match linked {
            Ok(()) => {
                new_entries.insert(folder.to_owned());
                Ok(Fate::New)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::compare(&path, &object.raw),
            Err(error) => Err(error),
        }
    }

    fn compare(path: &Path, raw: &[u8]) -> io::Result<Fate> {
        if fs::read(path)? == raw {
            return Ok(Fate::Known);
        }
        Ok(Fate::Refused("another file has this name; look at both, then move it away".to_owned()))
    }
}

impl Sink for Folder {
    fn deliver(&mut self, objects: &[Object]) -> Result<Vec<Fate>> {
        let mut new_entries = BTreeSet::new();
        let mut fates = Vec::with_capacity(objects.len());
        for object in objects {
            let path = self.root.join(object.key.as_str());
            let fate =
                if path.exists() { Self::compare(&path, &object.raw) } else { self.create(object, &mut new_entries) };
            fates.push(fate.with_context(|| format!("cannot write `{}`", path.display()))?);
        }
        // A file is only as durable as its entry in the folder.
        for folder in new_entries {
            let synced = File::open(&folder).and_then(|folder| folder.sync_all());
            synced.with_context(|| format!("cannot sync `{}`", folder.display()))?;
        }
        Ok(fates)
    }
}
