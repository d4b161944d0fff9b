//! A file, piece by piece.

use std::fs::File;
use std::io::{self, Read};

/// A multiple of every page that SQLite has. Smaller ones would make more requests, larger ones more bytes to send again.
const PIECE_BYTES: u64 = 1 << 20;

/// Pieces of the same length; the last one may be shorter.
pub(super) struct Pieces(File);

impl Pieces {
    pub(super) fn of(file: File) -> Self {
        Self(file)
    }
}

impl Iterator for Pieces {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = Vec::new();
        match (&mut self.0).take(PIECE_BYTES).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece)),
            Err(error) => Some(Err(error)),
        }
    }
}
