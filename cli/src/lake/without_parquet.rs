//! In the place of Parquet, in builds without it.

use std::fs::File;
use std::io::Write;

use anyhow::{Result, bail};

use super::compression::Compression;
use super::output::Output;
use super::row::{Each, Row};

pub(super) fn need() -> Result<()> {
    bail!(
        "this pik was built without Parquet; releases have it, and `cargo build --release --package pik --features \
         parquet` builds it"
    )
}

pub(super) fn write(_: &[Row<'_>], _: Compression, _: &mut Output<impl Write>) -> Result<()> {
    need()
}

pub(super) fn read(_: File, _: &mut Each<'_>) -> Result<()> {
    need()
}
