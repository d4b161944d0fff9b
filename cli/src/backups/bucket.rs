//! Backups in a bucket, or in a part of one.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{IngestTime, StoreError};
use tokio::runtime::Runtime;

use super::manifest::Manifest;
use super::pieces::Pieces;
use crate::progress::{Progress, Unit};
use crate::runtime::runtime;
use crate::sha256;
use crate::transfer::{Copied, S3Folder};

const MANIFESTS: &str = "backups/";
const PIECES: &str = "pieces/";
/// How many pieces are under way at once.
const SIDE_BY_SIDE: usize = 8;
/// How often a piece is asked for whose bytes do not come to their end.
const ATTEMPTS: u32 = 5;

/// `s3://BUCKET/PREFIX`: creates objects and never changes or deletes one.
pub(crate) struct BackupBucket {
    folder: S3Folder,
    url: String,
    /// The backup that was asked for; else it is the newest.
    name: Option<String>,
    runtime: Runtime,
}

/// The place of a manifest and its name, if a URL names one.
fn manifest_of(url: &str) -> Option<(&str, &str)> {
    let (before, name) = url.rsplit_once(MANIFESTS)?;
    let place = before.strip_suffix('/')?;
    // Else the bucket itself has that name.
    let has_bucket = place.strip_prefix("s3://").is_some_and(|bucket| !bucket.is_empty());
    (has_bucket && name.ends_with(".json")).then_some((place, name))
}

/// Whether `pik backup` gave this name to a manifest. Somebody put the others there, or moved them.
fn is_time(name: &str) -> bool {
    name.strip_suffix(".json").is_some_and(|time| time.parse::<IngestTime>().is_ok())
}

/// What became of a backup.
pub(crate) struct Kept {
    /// The manifest.
    pub(crate) url: String,
    pub(crate) pieces: usize,
    pub(crate) sent: usize,
    pub(crate) sent_bytes: u64,
}

impl BackupBucket {
    /// Gets ready; nothing is asked of the bucket yet.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let (place, name) = manifest_of(url).map_or((url, None), |(place, name)| (place, Some(name.to_owned())));
        let runtime = runtime()?;
        let folder = runtime.block_on(S3Folder::of_large_objects(place))?;
        Ok(Self { folder, url: place.trim_end_matches('/').to_owned(), name, runtime })
    }

    /// Fails if the bucket does not answer: better before a large database is copied than behind it.
    pub(crate) fn need(&self) -> Result<()> {
        self.runtime.block_on(self.folder.names(MANIFESTS, None))?;
        Ok(())
    }

    /// Sends the pieces that are not there, and then the manifest.
    pub(crate) fn keep(&self, database: &Path, newest: Option<IngestTime>, now: IngestTime) -> Result<Kept> {
        ensure!(
            self.name.is_none(),
            "a backup is never changed; name s3://BUCKET/PREFIX, and it gets a name of its own"
        );
        self.runtime.block_on(self.send(database, newest, now))
    }

    async fn send(&self, database: &Path, newest: Option<IngestTime>, now: IngestTime) -> Result<Kept> {
        // What is really there, and not what an earlier manifest says: somebody may have deleted pieces.
        let there: HashSet<String> = self.names(PIECES).await?.into_iter().collect();
        let there = &there;
        let send = async |piece: std::io::Result<Vec<u8>>| -> Result<(String, usize, bool)> {
            let piece = piece.context("cannot read the copy")?;
            let (hash, length) = (sha256::of(&piece), piece.len());
            let is_new = !there.contains(&hash);
            if is_new {
                self.create(&format!("{PIECES}{hash}"), Bytes::from(piece)).await?;
            }
            Ok((hash, length, is_new))
        };
        let file = File::open(database)?;
        let progress = Progress::new(Unit::Bytes, Some(file.metadata()?.len()));
        let mut sending = stream::iter(Pieces::of(file)).map(send).buffered(SIDE_BY_SIDE);
        let (mut bytes, mut sent, mut sent_bytes, mut pieces) = (0, 0, 0, Vec::new());
        while let Some((hash, length, is_new)) = sending.try_next().await? {
            bytes += length as u64;
            progress.advance(length as u64);
            if is_new {
                sent += 1;
                sent_bytes += length as u64;
            }
            pieces.push(hash);
        }
        let count = pieces.len();
        let name = format!("{MANIFESTS}{now}.json");
        self.create(&name, Manifest::new(bytes, newest, pieces).json().into()).await?;
        Ok(Kept { url: format!("{}/{name}", self.url), pieces: count, sent, sent_bytes })
    }

    /// Creates an object, or finds it with the same bytes: an answer may have been lost.
    async fn create(&self, name: &str, bytes: Bytes) -> Result<()> {
        match self.folder.create_file(name, bytes).await? {
            Copied::New | Copied::Known => Ok(()),
            Copied::Differs => bail!("`{}/{name}` is there with other bytes; look at it, then move it away", self.url),
        }
    }

    /// Puts a backup together, and says which one.
    pub(crate) fn fetch(&self, into: &Path) -> Result<String> {
        self.runtime.block_on(self.receive(into))
    }

    async fn receive(&self, into: &Path) -> Result<String> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => match self.names(MANIFESTS).await?.into_iter().filter(|name| is_time(name)).max() {
                Some(name) => name,
                None => bail!("`{}` has no backup; `pik backup {}` makes one", self.url, self.url),
            },
        };
        let url = format!("{}/{MANIFESTS}{name}", self.url);
        let json = self.bytes(&format!("{MANIFESTS}{name}")).await?.with_context(|| format!("there is no `{url}`"))?;
        let manifest = Manifest::read(&json).with_context(|| format!("cannot use the manifest `{url}`"))?;
        let mut file = File::create_new(into).with_context(|| format!("cannot write `{}`", into.display()))?;
        let url = &url;
        let receive = async |hash: &String| -> Result<Bytes> {
            let place = format!("{PIECES}{hash}");
            let Some(piece) = self.bytes(&place).await? else {
                bail!("`{url}` lacks its piece `{}/{place}`, which was deleted; restore another backup", self.url)
            };
            ensure!(
                sha256::of(&piece) == *hash,
                "`{}/{place}` has other bytes than it was made of; restore a backup without it, and delete it: the next \
                 backup that needs it sends it again",
                self.url
            );
            Ok(piece)
        };
        let progress = Progress::new(Unit::Bytes, Some(manifest.bytes()));
        let mut receiving = stream::iter(manifest.pieces()).map(receive).buffered(SIDE_BY_SIDE);
        let mut bytes = 0;
        while let Some(piece) = receiving.try_next().await? {
            bytes += piece.len() as u64;
            progress.advance(piece.len() as u64);
            file.write_all(&piece).with_context(|| format!("cannot write `{}`", into.display()))?;
        }
        ensure!(bytes == manifest.bytes(), "`{url}` is of {bytes} bytes, and says {}", manifest.bytes());
        Ok(url.clone())
    }

    /// The bytes of an object, asked for again when they break off.
    async fn bytes(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let mut attempt = 1;
        loop {
            match self.folder.bytes(name).await {
                Err(StoreError::Unavailable(_)) if attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    /// The names beneath a folder, without it.
    async fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        let mut from = None;
        loop {
            let page = self.folder.names(folder, from.as_ref()).await?;
            names.extend(page.items.iter().filter_map(|name| Some(name.strip_prefix(folder)?.to_owned())));
            from = page.next;
            if from.is_none() {
                return Ok(names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_named_below_a_folder_of_a_bucket() {
        for (url, manifest) in [
            ("s3://b/p/backups/x.json", Some(("s3://b/p", "x.json"))),
            ("s3://b/backups/x.json", Some(("s3://b", "x.json"))),
            ("s3://backups/backups/x.json", Some(("s3://backups", "x.json"))),
            ("s3://b/backups/backups/x.json", Some(("s3://b/backups", "x.json"))),
            ("s3://b/mybackups/x.json", None),
            ("s3://backups/x.json", None),
            ("s3://backups/pik", None),
            ("s3://b/p", None),
        ] {
            assert_eq!(manifest_of(url), manifest, "{url}");
        }
    }
}
