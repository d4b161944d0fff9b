//! The raw objects of a bucket, or of a part of one, in the order of their keys.

use std::collections::VecDeque;

use anyhow::Result;
use pik_core::{Position, RawKey};
use tokio::runtime::Runtime;

use super::s3::S3Folder;
use crate::runtime::runtime;
use crate::transfer::Met;

/// How many objects are held in memory at once.
const SIDE_BY_SIDE: usize = 64;

/// Goes through a bucket page by page.
pub(crate) struct Listing {
    folder: S3Folder,
    runtime: Runtime,
    /// Keys of the page, not looked at yet.
    keys: VecDeque<String>,
    met: VecDeque<Met>,
    next: Option<Position>,
    ended: bool,
}

impl Listing {
    /// `s3://BUCKET/PREFIX`; nothing is asked of it yet.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        let folder = runtime.block_on(S3Folder::connect(url))?;
        Ok(Self { folder, runtime, keys: VecDeque::new(), met: VecDeque::new(), next: None, ended: false })
    }

    /// Has something met, unless there is nothing more.
    fn fill(&mut self) -> Result<()> {
        while self.met.is_empty() && !(self.ended && self.keys.is_empty()) {
            if self.keys.is_empty() {
                let page = self.runtime.block_on(self.folder.keys(self.next.as_ref()))?;
                self.keys = page.items.into();
                self.ended = page.next.is_none();
                self.next = page.next;
            }
            let some = self.keys.drain(..self.keys.len().min(SIDE_BY_SIDE));
            let mut keys: Vec<RawKey> = Vec::new();
            for name in some {
                match name.parse() {
                    Ok(key) => keys.push(key),
                    Err(_) => self.met.push_back(Met::stranger(&name)),
                }
            }
            let contents = self.runtime.block_on(self.folder.contents(&keys))?;
            for (key, raw) in keys.into_iter().zip(contents) {
                self.met.push_back(match raw {
                    Some(raw) => Met::at(key, &raw),
                    None => Met::Unusable(format!("`{key}` was deleted just now")),
                });
            }
        }
        Ok(())
    }
}

impl Iterator for Listing {
    type Item = Result<Met>;

    fn next(&mut self) -> Option<Result<Met>> {
        match self.fill() {
            Ok(()) => self.met.pop_front().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}
