//! Zstandard by its own library, which Parquet brings along: several times as fast as the one in Rust.

use std::fs::File;
use std::io::{self, Read, Write};

use anyhow::Result;

/// Higher ones take longer than they save.
const LEVEL: i32 = 1;

pub(super) fn compress(mut text: impl Read, out: impl Write) -> Result<()> {
    let mut encoder = zstd::Encoder::new(out, LEVEL)?;
    io::copy(&mut text, &mut encoder)?;
    encoder.finish()?;
    Ok(())
}

pub(super) fn decompress(file: File) -> Result<impl Read> {
    Ok(zstd::Decoder::new(file)?)
}
