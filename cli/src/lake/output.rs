//! Bytes on their way into a file, counted and hashed.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::sha256;

/// Hands on what is written.
pub(super) struct Output<W> {
    into: W,
    bytes: u64,
    hash: Sha256,
}

impl<W: Write> Output<W> {
    pub(super) fn new(into: W) -> Self {
        Self { into, bytes: 0, hash: Sha256::new() }
    }

    /// How many bytes were written, and their SHA-256.
    pub(super) fn finish(mut self) -> io::Result<(u64, String)> {
        self.into.flush()?;
        Ok((self.bytes, sha256::text(self.hash)))
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}
