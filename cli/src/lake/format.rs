//! What a file of a lake is.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::compression::Compression;
use super::parquet_file;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Ndjson,
    Parquet,
}

impl Format {
    /// Fails if this build has not got the format.
    pub(crate) fn need(self) -> Result<()> {
        match self {
            Self::Ndjson => Ok(()),
            Self::Parquet => parquet_file::need(),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// How names of files end.
    pub(super) fn extension(self, compression: Compression) -> &'static str {
        match (self, compression) {
            (Self::Ndjson, Compression::Zstd) => "ndjson.zst",
            (Self::Ndjson, Compression::None) => "ndjson",
            // It is compressed inside.
            (Self::Parquet, Compression::Zstd | Compression::None) => "parquet",
        }
    }
}
