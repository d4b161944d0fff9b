//! A lake in a bucket.
//!
//! Files are put below `_parts/`, in a folder of the run. The manifest, which is put if there is none of its round, says
//! which run's they are: of two runs, one adds the round. Then they are copied to their names, and the parts are removed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{Obstacle, StoreError};
use tokio::runtime::Runtime;

use super::folder::part_of;
use super::manifest::{self, Listed, Manifest};
use super::writable::Lake;
use crate::runtime::runtime;
use crate::transfer::{Copied, S3Folder};

/// Where files are that have not their names yet.
const PARTS: &str = "_parts";
/// How many requests are under way at once.
const SIDE_BY_SIDE: usize = 16;
/// The most bytes of files that wait to be put.
const WAITING_BYTES: usize = 32 << 20;

/// A lake in a bucket, to be read.
pub(crate) struct Bucket {
    url: String,
    folder: S3Folder,
    runtime: Runtime,
}

impl Bucket {
    /// `s3://BUCKET/PREFIX`; nothing is asked of it yet.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        let folder = runtime.block_on(S3Folder::of_large_objects(url))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), folder, runtime })
    }

    /// Whether there is a first manifest. Who may only write sees none.
    pub(super) fn is_lake(&self) -> Result<bool> {
        let first = format!("{}/{}", manifest::FOLDER, Manifest::name(1));
        match self.runtime.block_on(self.folder.bytes(&first)) {
            Ok(found) => Ok(found.is_some()),
            Err(StoreError::Blocked(Obstacle::Denied, _)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn manifests(&self) -> Result<Vec<Manifest>> {
        let mut count = 0;
        self.each_name(&format!("{}/", manifest::FOLDER), &mut |_| {
            count += 1;
            Ok(())
        })?;
        Manifest::chain(count, |name| {
            let path = format!("{}/{name}", manifest::FOLDER);
            let read = || Ok(self.bytes(&path)?.context("it is missing")?.to_vec());
            (format!("{}/{path}", self.url), read())
        })
    }

    /// Gives `take` the names of all that a reader reads.
    pub(super) fn each_file(&self, take: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
        self.each_name("", &mut |name| {
            let is_read = !name.split('/').any(|part| part.starts_with(['_', '.']));
            if is_read { take(name) } else { Ok(()) }
        })
    }

    /// A copy of a file, which is gone when it is closed.
    pub(super) fn open(&self, path: &str) -> Result<Option<File>> {
        let mut file = tempfile::tempfile().context("cannot make a temporary file")?;
        let found = self.runtime.block_on(self.folder.download(path, &mut file))?;
        Ok(found.then_some(file))
    }

    fn bytes(&self, path: &str) -> Result<Option<Bytes>> {
        Ok(self.runtime.block_on(self.folder.bytes(path))?)
    }

    fn each_name(&self, prefix: &str, take: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
        let mut next = None;
        loop {
            let page = self.runtime.block_on(self.folder.names(prefix, next.as_ref()))?;
            page.items.into_iter().try_for_each(&mut *take)?;
            next = page.next;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}

/// A lake in a bucket that is written to.
pub(crate) struct BucketLake {
    bucket: Bucket,
    /// The end of the name of each folder of parts of this run.
    run: String,
    rounds: u32,
    last: Option<Manifest>,
    waiting: Mutex<Waiting>,
}

/// Files that were written and not put yet.
#[derive(Default)]
struct Waiting {
    files: Vec<(String, Bytes)>,
    bytes: usize,
}

impl BucketLake {
    /// Opens a lake, and ends what a killed run had begun.
    pub(crate) fn open(url: &str) -> Result<Self> {
        let bucket = Bucket::new(url)?;
        let mut all = bucket.manifests()?;
        if all.is_empty() {
            bucket.each_file(&mut |name| {
                bail!("`{url}` is no lake: it has `{name}`, and no manifest; name a prefix that has nothing yet")
            })?;
        }
        let rounds = u32::try_from(all.len()).context("too many rounds")?;
        let run = format!("{:016x}", fastrand::u64(..));
        let lake = Self { bucket, run, rounds, last: all.pop(), waiting: Mutex::default() };
        if let Some(last) = &lake.last {
            lake.end(last)?;
        }
        Ok(lake)
    }

    /// The folder of the parts of a round.
    fn parts(&self, round: u32) -> String {
        format!("{PARTS}/{round:06}-{}", self.run)
    }

    /// Puts what waits, unless there is room for more.
    fn put(&self, room: usize) -> Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes <= room && (room == 0 || waiting.files.len() < SIDE_BY_SIDE) {
            return Ok(());
        }
        let Waiting { files, .. } = std::mem::take(&mut *waiting);
        // The lock is held: who has the next file waits, so that no more than this is in memory.
        let parts = self.parts(self.next_round());
        let put = async |(path, bytes): (String, Bytes)| {
            let part = format!("{parts}/{}", part_of(&path));
            match self.bucket.folder.create_file(&part, bytes).await? {
                Copied::New | Copied::Known => Ok::<(), anyhow::Error>(()),
                Copied::Differs => bail!("`{part}` is there and is of another run"),
            }
        };
        self.bucket.runtime.block_on(stream::iter(files).map(put).buffer_unordered(SIDE_BY_SIDE).try_collect())
    }

    /// Gives files their names whose round is in the lake, and removes parts of rounds that are.
    fn end(&self, last: &Manifest) -> Result<()> {
        let mut done = Vec::new();
        self.bucket.each_name(&format!("{PARTS}/"), &mut |part| {
            let round = part.strip_prefix(&format!("{PARTS}/")).and_then(|part| part.split('-').next()?.parse().ok());
            // Those of later rounds may be of a run that is under way.
            if round.is_some_and(|round: u32| round <= last.round) {
                done.push(part);
            }
            Ok(())
        })?;
        if let Some(parts) = &last.parts {
            let names: BTreeMap<String, &str> =
                last.files.iter().map(|file| (format!("{parts}/{}", part_of(&file.path)), &*file.path)).collect();
            let copy = async |part: &String| match names.get(part) {
                Some(path) => self.bucket.folder.copy(part, path).await,
                None => Ok(()),
            };
            self.side_by_side(&done, copy)?;
        }
        self.side_by_side(&done, async |part| self.bucket.folder.remove(part).await)
    }

    fn side_by_side(&self, parts: &[String], act: impl AsyncFn(&String) -> Result<(), StoreError>) -> Result<()> {
        let acts = stream::iter(parts.iter()).map(|part| act(part)).buffer_unordered(SIDE_BY_SIDE);
        Ok(self.bucket.runtime.block_on(acts.try_collect::<()>())?)
    }
}

impl Lake for BucketLake {
    fn last(&self) -> Option<&Manifest> {
        self.last.as_ref()
    }

    fn next_round(&self) -> u32 {
        self.rounds + 1
    }

    fn add(&self, path: &str, write: &mut dyn FnMut(&mut (dyn Write + Send)) -> Result<Listed>) -> Result<Listed> {
        let mut bytes = Vec::new();
        let listed = write(&mut bytes)?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.bytes += bytes.len();
        waiting.files.push((path.to_owned(), bytes.into()));
        drop(waiting);
        self.put(WAITING_BYTES)?;
        Ok(listed)
    }

    fn commit(&mut self, manifest: Manifest) -> Result<()> {
        self.put(0)?;
        let manifest = Manifest { parts: Some(self.parts(manifest.round)), ..manifest };
        let path = format!("{}/{}", manifest::FOLDER, Manifest::name(manifest.round));
        let text = Bytes::from(manifest.to_text()?);
        // What an attempt of ours finds whose first answer was lost is the same: it names this run.
        match self.bucket.runtime.block_on(self.bucket.folder.create_file(&path, text))? {
            Copied::New | Copied::Known => {}
            Copied::Differs => {
                bail!("another export added round {} to the lake meanwhile; run the command again", manifest.round)
            }
        }
        self.end(&manifest)?;
        self.rounds = manifest.round;
        self.last = Some(manifest);
        Ok(())
    }
}
