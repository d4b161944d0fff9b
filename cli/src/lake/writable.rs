//! A lake that is written to, wherever it lies.

use std::io::Write;

use anyhow::Result;

use super::manifest::{Listed, Manifest};

/// A lake that is written to.
pub(crate) trait Lake: Sync {
    /// The manifest of the last round; `None` in an empty lake.
    fn last(&self) -> Option<&Manifest>;

    /// The number of the round that comes next.
    fn next_round(&self) -> u32;

    /// Adds a file to the round. It has its name once the round is committed.
    fn add(&self, path: &str, write: &mut dyn FnMut(&mut (dyn Write + Send)) -> Result<Listed>) -> Result<Listed>;

    /// Ends a round: from the manifest on, its files are in the lake.
    fn commit(&mut self, manifest: Manifest) -> Result<()>;
}
