//! Where a lake lies.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Result, bail};

#[cfg(feature = "aws")]
use super::bucket::{Bucket, BucketLake};
use super::folder::{self, FolderLake};
use super::manifest::{self, Manifest};
use super::writable::Lake;
use crate::transfer::Target;

/// Opens a lake to add to it, made if it is missing, and ends what a killed run had begun.
pub(crate) fn open_lake(target: &Target) -> Result<Box<dyn Lake>> {
    match target {
        Target::Folder(path) => Ok(Box::new(FolderLake::open(path)?)),
        #[cfg(feature = "aws")]
        Target::Bucket(url) => Ok(Box::new(BucketLake::open(url)?)),
        #[cfg(not(feature = "aws"))]
        Target::Bucket(url) => bail!("`{url}` is AWS's, and {}", crate::arguments::WITHOUT_AWS),
        Target::Queue(_) => bail!("a queue keeps no files; name a folder, or s3://BUCKET/PREFIX"),
    }
}

/// Whether there is a lake, as far as the credentials let see.
pub(crate) fn is_lake(target: &Target) -> Result<bool> {
    match target {
        Target::Folder(path) => Ok(path.join(manifest::FOLDER).exists()),
        #[cfg(feature = "aws")]
        Target::Bucket(url) => Bucket::new(url)?.is_lake(),
        #[cfg(not(feature = "aws"))]
        Target::Bucket(_) => Ok(false),
        Target::Queue(_) => Ok(false),
    }
}

/// A lake that is read.
pub(crate) enum Place {
    Folder(PathBuf),
    #[cfg(feature = "aws")]
    Bucket(Bucket),
}

impl Place {
    pub(crate) fn of(target: Target) -> Result<Self> {
        match target {
            Target::Folder(path) => Ok(Self::Folder(path)),
            #[cfg(feature = "aws")]
            Target::Bucket(url) => Ok(Self::Bucket(Bucket::new(&url)?)),
            #[cfg(not(feature = "aws"))]
            Target::Bucket(url) => bail!("`{url}` is AWS's, and {}", crate::arguments::WITHOUT_AWS),
            Target::Queue(_) => bail!("a queue keeps no files; name a folder, or s3://BUCKET/PREFIX"),
        }
    }

    /// All manifests, in order; none if it is empty.
    pub(super) fn manifests(&self) -> Result<Vec<Manifest>> {
        match self {
            Self::Folder(path) => folder::manifests(path),
            #[cfg(feature = "aws")]
            Self::Bucket(bucket) => bucket.manifests(),
        }
    }

    /// Gives `take` the name of each file. Readers skip names that begin with `_` or a point, as this does.
    pub(super) fn each_file(&self, take: &mut dyn FnMut(String) -> Result<()>) -> Result<()> {
        match self {
            Self::Folder(path) => folder::each_file(path, take),
            #[cfg(feature = "aws")]
            Self::Bucket(bucket) => bucket.each_file(take),
        }
    }

    /// Opens a file, through no link; `None` if it is missing.
    pub(super) fn open(&self, name: &str) -> Result<Option<File>> {
        match self {
            Self::Folder(path) => folder::open(&path.join(name)),
            #[cfg(feature = "aws")]
            Self::Bucket(bucket) => bucket.open(name),
        }
    }
}
