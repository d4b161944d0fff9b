//! Where backups of the SQLite database are kept: as a file, or in a bucket.
//!
//! A bucket has a backup as pieces, each under the hash of what it holds, and as a manifest that lists them. A piece that
//! an earlier backup left there is not sent again. SQLite keeps a page where it is, so most pieces stay as they are.

#[cfg(feature = "aws")]
mod bucket;
#[cfg(feature = "aws")]
mod manifest;
#[cfg(feature = "aws")]
mod pieces;
mod place;
#[cfg(feature = "aws")]
mod spare;

#[cfg(feature = "aws")]
pub(crate) use bucket::BackupBucket;
pub(crate) use place::Place;
#[cfg(feature = "aws")]
pub(crate) use spare::Spare;
