//! Zstandard without a library in C, in builds without Parquet.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use anyhow::{Context, Result};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::CompressionLevel;

pub(super) fn compress(text: impl Read, out: impl Write) -> Result<()> {
    let mut out = KeepGoing { out, failed: None };
    ruzstd::encoding::compress(text, &mut out, CompressionLevel::Fastest);
    out.failed.map_or(Ok(()), |error| Err(error.into()))
}

pub(super) fn decompress(file: File) -> Result<impl Read> {
    StreamingDecoder::new(BufReader::new(file)).context("it is not compressed with zstd")
}

/// The compressor panics at an error of what it writes to, so one is kept until it is done.
struct KeepGoing<W> {
    out: W,
    failed: Option<io::Error>,
}

impl<W: Write> Write for KeepGoing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
