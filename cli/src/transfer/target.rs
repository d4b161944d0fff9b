//! Where raw objects can go, as the command line names it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::{Folder, Sink};

/// A place that keeps raw objects under their keys.
pub(crate) enum Target {
    Folder(PathBuf),
    /// `s3://…`
    Bucket(String),
    /// `sqs://…`
    Queue(String),
}

impl Target {
    /// Reads what is no URL of a host.
    pub(crate) fn read(text: &str) -> Result<Self> {
        match text.split_once("://") {
            None => Ok(Self::Folder(PathBuf::from(text))),
            Some(("s3", _)) => Ok(Self::Bucket(text.to_owned())),
            Some(("sqs", _)) => Ok(Self::Queue(text.to_owned())),
            // It would make a folder of that name.
            Some((scheme, _)) => {
                bail!("`{scheme}://` is no place that is known here; name a folder, or s3://BUCKET/PREFIX")
            }
        }
    }

    /// Gets ready to deliver.
    pub(crate) fn open(&self) -> Result<Box<dyn Sink>> {
        match self {
            Self::Folder(folder) => Ok(Box::new(Folder::new(Path::new(folder))?)),
            #[cfg(feature = "aws")]
            Self::Bucket(url) => Ok(Box::new(super::Bucket::new(url)?)),
            #[cfg(feature = "aws")]
            Self::Queue(url) => Ok(Box::new(super::Queue::new(url)?)),
            #[cfg(not(feature = "aws"))]
            Self::Bucket(url) | Self::Queue(url) => bail!("`{url}` is AWS's, and {}", crate::arguments::WITHOUT_AWS),
        }
    }
}
