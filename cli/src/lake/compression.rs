//! How files are compressed.

use clap::ValueEnum;

/// What is done to a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    /// Zstandard
    Zstd,
    /// As they are
    None,
}
