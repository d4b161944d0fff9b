//! What was read of one event.

use pik_core::MAX_BODY_BYTES;

/// What was read into the buffer.
pub(super) struct Found {
    pub(super) line: u64,
    pub(super) bytes_read: u64,
    pub(super) fits: bool,
    /// What is wrong with the file, told once.
    pub(super) problem: Option<&'static str>,
}

impl Found {
    pub(super) fn at(line: u64) -> Self {
        Self { line, bytes_read: 0, fits: true, problem: None }
    }

    /// Keeps a piece of the body, unless the body grows over the limit.
    pub(super) fn keep(&mut self, piece: &[u8], body: &mut Vec<u8>) {
        self.fits = self.fits && body.len() + piece.len() <= MAX_BODY_BYTES;
        if self.fits {
            body.extend_from_slice(piece);
        }
    }
}
