//! A lake: events as rows of a few large files, written once, in the partitions of their raw objects.
//!
//! Files are written in rounds. A round is a window of arrivals that never gains an event, and a manifest that lists
//! what is in it. The manifest decides: parts are written and synced, then the manifest, and then they get their names.
//! A run that is killed leaves parts, which the next run names if a manifest lists them, and else removes.

#[cfg(feature = "aws")]
mod bucket;
mod check;
mod compression;
mod export;
mod finding;
mod folder;
mod format;
mod manifest;
mod ndjson;
mod output;
#[cfg(feature = "parquet")]
mod parquet_file;
#[cfg(not(feature = "parquet"))]
#[path = "without_parquet.rs"]
mod parquet_file;
mod place;
mod round;
mod row;
mod scope;
mod writable;
#[cfg(feature = "parquet")]
#[path = "zstd_native.rs"]
mod zstandard;
#[cfg(not(feature = "parquet"))]
#[path = "zstd_in_rust.rs"]
mod zstandard;

pub(crate) use check::check;
pub(crate) use compression::Compression;
pub(crate) use export::{Export, export};
pub(crate) use format::Format;
pub(crate) use place::{Place, is_lake, open_lake};
pub(crate) use round::Sizes;
pub(crate) use scope::{Asked, asked};
