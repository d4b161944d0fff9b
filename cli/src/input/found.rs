//! What was read of one event.

/// What was read into the buffer.
pub(crate) struct Found {
    pub(crate) line: u64,
    pub(crate) bytes_read: u64,
    pub(crate) fits: bool,
    /// The most bytes that are kept.
    pub(super) limit: usize,
    /// What is wrong with the file, told once.
    pub(crate) problem: Option<&'static str>,
}

impl Found {
    pub(super) fn at(line: u64, limit: usize) -> Self {
        Self { line, bytes_read: 0, fits: true, limit, problem: None }
    }

    /// Keeps a piece of the body, unless the body grows over the limit.
    pub(super) fn keep(&mut self, piece: &[u8], body: &mut Vec<u8>) {
        self.fits = self.fits && body.len() + piece.len() <= self.limit;
        if self.fits {
            body.extend_from_slice(piece);
        }
    }
}
