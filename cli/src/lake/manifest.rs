//! What is in a lake, one manifest for each round.

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
pub(crate) struct Manifest {
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
    /// In a bucket: the folder of the files until they were copied to their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parts: Option<String>,
}

/// A file of a lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
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
        Self { version: VERSION, round, format, events_of, arrived_from, settled_until, events, files, parts: None }
    }

    pub(super) fn name(round: u32) -> String {
        format!("{round:06}.json")
    }

    /// The text of a manifest.
    pub(super) fn to_text(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    /// All of a lake, in order, of which `read` gives the place and the text by name. They must follow one another, and be
    /// about the same events.
    pub(super) fn chain(count: usize, read: impl Fn(&str) -> (String, Result<Vec<u8>>)) -> Result<Vec<Self>> {
        let mut all: Vec<Self> = Vec::with_capacity(count);
        for round in 1..=u32::try_from(count).context("too many manifests")? {
            let (place, text) = read(&Self::name(round));
            let manifest = text.and_then(|text| Self::of_text(&text));
            let manifest = manifest.with_context(|| format!("cannot use the manifest `{place}`"))?;
            ensure!(manifest.round == round, "`{place}` is of round {}; it was renamed", manifest.round);
            if let Some(before) = all.last() {
                ensure!(
                    manifest.arrived_from == before.settled_until
                        && (manifest.format, &manifest.events_of) == (before.format, &before.events_of),
                    "`{place}` does not go on where the manifest before it ends; one of them was changed"
                );
            }
            all.push(manifest);
        }
        Ok(all)
    }

    fn of_text(text: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(text)?;
        ensure!(manifest.version == VERSION, "its version is {}; this pik reads {VERSION}", manifest.version);
        let inside =
            |path: &str| path.starts_with("raw/") && path.split('/').all(|name| !matches!(name, "" | "." | ".."));
        ensure!(manifest.files.iter().all(|file| inside(&file.path)), "it lists a file outside of the lake");
        Ok(manifest)
    }
}
