//! In the place of Parquet, in builds without it.

use std::fs::File;

use anyhow::{Result, bail};

/// The rows that this build cannot read.
pub(super) enum ParquetRows {}

/// A row that was read.
pub(super) struct ParquetRow {
    pub(super) number: u64,
    pub(super) bytes: u64,
    pub(super) problem: Option<String>,
}

impl ParquetRows {
    pub(super) fn open(_: File) -> Result<Self> {
        bail!(
            "this pik was built without Parquet; releases have it, and `cargo build --release --package pik --features \
             parquet` builds it"
        )
    }

    pub(super) fn columns(&self) -> Vec<(String, bool)> {
        match *self {}
    }

    pub(super) fn read_only(&mut self, _: &[&str]) -> Result<()> {
        match *self {}
    }

    pub(super) fn read(&mut self, _: &mut Vec<u8>) -> Result<Option<ParquetRow>> {
        match *self {}
    }
}
