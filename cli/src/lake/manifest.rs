//! What is in a lake, one manifest for each round.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use pik_core::{IngestTime, Scope};
use serde::{Deserialize, Serialize};

use super::format::Format;

/// The folder of the manifests. Readers of partitioned folders skip names with `_`.
pub(crate) const FOLDER: &str = "_manifest";
/// The form of manifests that this program writes.
const VERSION: u8 = 1;

/// A round: a window of arrivals, and the files that have its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u8,
    /// From 1, without gaps.
    pub(super) round: u32,
    pub(super) format: Format,
    pub(super) events_of: Scope,
    /// The earliest arrival, included; where the round before ended.
    pub(super) arrived_from: IngestTime,
    /// The latest arrival, excluded. Arrivals before it never gain an event.
    pub(super) settled_until: IngestTime,
    pub(super) events: u64,
    pub(super) files: Vec<Listed>,
}

/// A file of a lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// From the lake's folder.
    pub(super) path: String,
    pub(super) events: u64,
    pub(super) bytes: u64,
    /// Of its bytes.
    pub(super) sha256: String,
    /// Of its ids in their order, each with a line end.
    pub(super) ids_sha256: String,
}

impl Manifest {
    pub(super) fn new(
        round: u32,
        format: Format,
        events_of: Scope,
        window: [IngestTime; 2],
        files: Vec<Listed>,
    ) -> Self {
        let [arrived_from, settled_until] = window;
        let events = files.iter().map(|file| file.events).sum();
        Self { version: VERSION, round, format, events_of, arrived_from, settled_until, events, files }
    }

    pub(super) fn name(round: u32) -> String {
        format!("{round:06}.json")
    }

    /// All of a lake, in order: none if it is empty. They must follow one another, and be about the same events.
    pub(super) fn all(lake: &Path) -> Result<Vec<Self>> {
        let folder = lake.join(FOLDER);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| format!("cannot read `{}`", folder.display()))?,
        };
        let count = entries.count();
        let mut all: Vec<Self> = Vec::with_capacity(count);
        for round in 1..=u32::try_from(count).context("too many manifests")? {
            let path = folder.join(Self::name(round));
            let manifest =
                Self::read(&path).with_context(|| format!("cannot use the manifest `{}`", path.display()))?;
            ensure!(manifest.round == round, "`{}` is of round {}; it was renamed", path.display(), manifest.round);
            if let Some(before) = all.last() {
                ensure!(
                    manifest.arrived_from == before.settled_until
                        && (manifest.format, &manifest.events_of) == (before.format, &before.events_of),
                    "`{}` does not go on where the manifest before it ends; one of them was changed",
                    path.display()
                );
            }
            all.push(manifest);
        }
        Ok(all)
    }

    fn read(path: &Path) -> Result<Self> {
        let kind = path.symlink_metadata()?;
        ensure!(kind.is_file(), "it is no regular file");
        let manifest: Self = serde_json::from_slice(&fs::read(path)?)?;
        ensure!(manifest.version == VERSION, "its version is {}; this pik reads {VERSION}", manifest.version);
        let inside =
            |path: &str| path.starts_with("raw/") && path.split('/').all(|name| !matches!(name, "" | "." | ".."));
        ensure!(manifest.files.iter().all(|file| inside(&file.path)), "it lists a file outside of the lake");
        Ok(manifest)
    }
}
