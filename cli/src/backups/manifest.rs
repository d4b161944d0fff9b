//! What a backup in a bucket is made of.

use anyhow::{Result, ensure};
use pik_core::IngestTime;
use serde::{Deserialize, Serialize};

/// The form of manifests that this program writes.
const VERSION: u8 = 1;

/// The pieces of one database, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u8,
    /// The length of the database.
    bytes: u64,
    /// When its newest record arrived; null when it has none.
    newest_arrival: Option<IngestTime>,
    /// The SHA-256 of each piece, which is also its name.
    pieces: Vec<String>,
}

impl Manifest {
    pub(super) fn new(bytes: u64, newest_arrival: Option<IngestTime>, pieces: Vec<String>) -> Self {
        Self { version: VERSION, bytes, newest_arrival, pieces }
    }

    /// Reads what another program may have written.
    pub(super) fn read(json: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(json)?;
        ensure!(
            manifest.version == VERSION,
            "it is of version {}, and this program reads version {VERSION}; use a newer one",
            manifest.version
        );
        // A name leads to an object: it must not lead out of the folder of pieces.
        let is_hash = |name: &String| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure!(manifest.pieces.iter().all(is_hash), "it names a piece that is no SHA-256");
        Ok(manifest)
    }

    pub(super) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest is JSON")
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn pieces(&self) -> &[String] {
        &self.pieces
    }
}
