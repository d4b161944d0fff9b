//! What a file of rows is written in.

use std::path::Path;

/// What rows are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Cells with commas between them, below a header
    Csv,
    /// Cells with tabs between them, below a header
    Tsv,
    /// A JSON object a line
    Ndjson,
    /// One JSON array of objects
    Json,
    /// Columns of single values, in a file that can be read from any place
    Parquet,
}

impl Kind {
    /// Told by the name of a table; else by the first byte, as `.json` may be either kind of JSON.
    pub(super) fn of(path: &Path, beginning: &[u8]) -> Self {
        let end = path.extension().unwrap_or_default().to_ascii_lowercase();
        if beginning.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        let is_json = matches!(end.to_str(), Some("json" | "ndjson" | "jsonl"));
        match (end.to_str(), beginning.trim_ascii_start().first()) {
            (Some("csv"), _) => Self::Csv,
            (Some("tsv" | "tab"), _) => Self::Tsv,
            (Some("parquet"), _) => Self::Parquet,
            (_, Some(b'[')) => Self::Json,
            (_, Some(b'{')) => Self::Ndjson,
            _ if is_json => Self::Ndjson,
            _ => Self::Csv,
        }
    }
}
