//! A bucket, or a part of one.

use anyhow::Result;
use tokio::runtime::Runtime;

use super::s3::{Copied, S3Folder};
use crate::runtime::runtime;
use crate::transfer::{Fate, Object, Sink};

/// Creates objects and never changes one.
pub(crate) struct Bucket {
    folder: S3Folder,
    runtime: Runtime,
}

impl Bucket {
    /// `s3://BUCKET/PREFIX`; nothing is asked of it yet.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        Ok(Self { folder: runtime.block_on(S3Folder::connect(url))?, runtime })
    }
}

impl Sink for Bucket {
    fn deliver(&mut self, objects: &[Object], note: &mut dyn FnMut(usize, Fate)) -> Result<()> {
        let objects: Vec<_> = objects.iter().map(|object| (&object.key, object.raw())).collect();
        let copied = self.runtime.block_on(self.folder.create(&objects))?;
        copied.into_iter().enumerate().for_each(|(place, copied)| note(place, fate(copied)));
        Ok(())
    }
}

fn fate(copied: Copied) -> Fate {
    match copied {
        Copied::New => Fate::New,
        Copied::Known => Fate::Known,
        Copied::Differs => Fate::Refused("another object has this key; look at both, then move it away".to_owned()),
    }
}
