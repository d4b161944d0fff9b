//! A folder with raw objects under their keys.
//!
//! What lies in the folder is not trusted: no link is followed, so nothing is read or written outside of the folder,
//! and only regular files are opened.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, linkat, openat, unlinkat};
use rustix::io::Errno;

use super::beneath::{NO_LINK, make_root, open_beneath, sync};
use super::part;
use super::{Fate, Object, Sink};

/// How many files are written at once.
const SIDE_BY_SIDE: usize = 16;

/// Creates files and never changes one.
pub(crate) struct Folder {
    path: PathBuf,
    root: OwnedFd,
    /// Partitions in which leftovers were looked for.
    cleaned: HashSet<String>,
}

impl Folder {
    /// A folder; made, with the folders above it, if it is missing.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_owned(), root: make_root(path)?, cleaned: HashSet::new() })
    }

    /// Opens the folder of a partition, made if it is missing, and removes what killed runs left there.
    fn partition(&mut self, name: &str) -> Result<OwnedFd> {
        let context = || format!("cannot open the folder `{}`", self.path.join(name).display());
        let folder = open_beneath(&self.root, name).with_context(context)?;
        if self.cleaned.insert(name.to_owned()) {
            part::clean(&folder).with_context(context)?;
        }
        Ok(folder)
    }
}

/// What became of an object before anything is synced.
enum Begun {
    Settled(Fate),
    /// It is in a file that has not its name yet.
    Written {
        part: String,
        file: File,
    },
}

/// Writes an object into a file of another name, or says what is there. A file has its name once it is whole and synced, so
/// that no half of one is taken for the event.
fn begin(folder: &OwnedFd, name: &str, object: &Object) -> io::Result<Begun> {
    if let Some(fate) = compare(folder, name, object.raw())? {
        return Ok(Begun::Settled(fate));
    }
    let part = part::name(&object.key.partition().event_id, fastrand::u32(..));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | NO_LINK;
    let mut file = File::from(openat(folder, &*part, flags, Mode::from_raw_mode(0o666))?);
    // Tells it from a leftover. A run that cleans up at this very moment may remove it before; then the link fails.
    file.lock()?;
    file.write_all(object.raw())?;
    Ok(Begun::Written { part, file })
}

/// Gives a file that is synced its name, or says what is there.
fn finish(folder: &OwnedFd, name: &str, object: &Object, part: &str) -> io::Result<Fate> {
    let linked = linkat(folder, part, folder, name, AtFlags::empty());
    unlinkat(folder, part, AtFlags::empty())
        .or_else(|error| if error == Errno::NOENT { Ok(()) } else { Err(error) })?;
    match linked {
        Ok(()) => Ok(Fate::New),
        Err(Errno::EXIST) => {
            let there = compare(folder, name, object.raw())?;
            there.ok_or_else(|| io::Error::other("it was deleted just now; run the same command again"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Does something for each place, several at a time.
fn each<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let done: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::default()).collect();
    thread::scope(|scope| {
        for first in 0..SIDE_BY_SIDE.min(count) {
            let (done, act) = (&done, &act);
            scope.spawn(move || {
                for place in (first..count).step_by(SIDE_BY_SIDE) {
                    *done[place].lock().expect("no thread panics with a place in hand") = Some(act(place));
                }
            });
        }
    });
    let done = done.into_iter().map(|done| done.into_inner().expect("no thread panics with a place in hand"));
    done.map(|done| done.expect("each place has a thread")).collect()
}

/// What stands in the way of a new file, if anything does.
fn compare(folder: &OwnedFd, name: &str, raw: &[u8]) -> io::Result<Option<Fate>> {
    let refused = |why: &str| Ok(Some(Fate::Refused(format!("{why} has this name; look at it, then move it away"))));
    let file = match openat(folder, name, OFlags::RDONLY | NO_LINK, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return refused("a link"),
        // A socket.
        Err(Errno::NXIO) => return refused("what is no regular file"),
        opened => File::from(opened?),
    };
    if !file.metadata()?.is_file() {
        return refused("what is no regular file");
    }
    let mut there = Vec::with_capacity(raw.len() + 1);
    file.take(raw.len() as u64 + 1).read_to_end(&mut there)?;
    if there == raw { Ok(Some(Fate::Known)) } else { refused("another file") }
}

impl Sink for Folder {
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()> {
        let mut partitions: BTreeMap<&str, OwnedFd> = BTreeMap::new();
        for object in objects {
            let (partition, _) = split(object);
            if !partitions.contains_key(partition) {
                let folder = self.partition(partition)?;
                partitions.insert(partition, folder);
            }
        }
        let at = |place: usize| {
            let (partition, name) = split(&objects[place]);
            (&partitions[partition], name)
        };
        let named = |place: usize| format!("cannot write `{}`", self.path.join(objects[place].key.as_str()).display());
        let begun = each(objects.len(), |place| {
            let (folder, name) = at(place);
            begin(folder, name, &objects[place])
        });
        let begun = begun.into_iter().enumerate().map(|(place, begun)| begun.with_context(|| named(place)));
        let begun: Vec<Begun> = begun.collect::<Result<_>>()?;
        let written = begun.iter().filter_map(|begun| match begun {
            Begun::Settled(_) => None,
            Begun::Written { file, .. } => Some(file),
        });
        let disk = || format!("cannot sync `{}`", self.path.display());
        sync(&self.root, &written.collect::<Vec<_>>()).with_context(disk)?;
        let named_now = each(objects.len(), |place| {
            let (folder, name) = at(place);
            match &begun[place] {
                Begun::Settled(fate) => Ok(fate.clone()),
                Begun::Written { part, .. } => finish(folder, name, &objects[place], part),
            }
        });
        // A file is only as durable as its entry in the folder.
        sync(&self.root, &partitions.values().collect::<Vec<_>>()).with_context(disk)?;
        for (place, fate) in named_now.into_iter().enumerate() {
            note(place, fate.with_context(|| named(place))?);
        }
        Ok(())
    }
}

/// The folder of an object below the root, and its name there.
fn split(object: &Object) -> (&str, &str) {
    object.key.as_str().rsplit_once('/').expect("a key has folders")
}
