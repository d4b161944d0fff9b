//! The bytes of a file, with the line where the next one stands.

use std::io::{self, BufRead, BufReader, Cursor, Read};

/// A file, or standard input. What was read ahead can be put back.
pub(crate) struct Text {
    source: BufReader<Box<dyn Read + Send>>,
    /// Put back; read before the rest of the source.
    ahead: Cursor<Vec<u8>>,
    /// Line ends before the next byte.
    line_ends: u64,
}

impl Text {
    pub(crate) fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source: BufReader::with_capacity(64 * 1024, source), ahead: Cursor::default(), line_ends: 0 }
    }

    /// The line of the next byte, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line_ends + 1
    }

    /// Some of the next bytes; none at the end.
    pub(crate) fn piece(&mut self) -> io::Result<&[u8]> {
        if self.ahead.position() < self.ahead.get_ref().len() as u64 {
            return self.ahead.fill_buf();
        }
        self.source.fill_buf()
    }

    /// Takes the first `count` bytes of the piece.
    pub(crate) fn take(&mut self, count: usize) -> io::Result<()> {
        let ends = memchr::memchr_iter(b'\n', &self.piece()?[..count]).count();
        self.line_ends += ends as u64;
        if self.ahead.position() < self.ahead.get_ref().len() as u64 {
            self.ahead.consume(count);
        } else {
            self.source.consume(count);
        }
        Ok(())
    }

    /// Reads up to `limit` bytes and puts them back: what the file begins with, at most so much.
    pub(crate) fn look_ahead(&mut self, limit: usize) -> io::Result<&[u8]> {
        let mut bytes = self.ahead.get_ref()[self.ahead.position() as usize..].to_vec();
        let missing = limit.saturating_sub(bytes.len());
        self.source.by_ref().take(missing as u64).read_to_end(&mut bytes)?;
        self.ahead = Cursor::new(bytes);
        Ok(self.ahead.get_ref())
    }

    /// Reads to the end of the next line that is not blank, at most `limit` bytes, and puts all of it back.
    pub(crate) fn look_ahead_line(&mut self, limit: usize) -> io::Result<&[u8]> {
        let mut bytes = self.ahead.get_ref()[self.ahead.position() as usize..].to_vec();
        while bytes.len() < limit && first_line(&bytes).is_none() {
            let missing = limit - bytes.len();
            if self.source.by_ref().take(missing as u64).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
        }
        self.ahead = Cursor::new(bytes);
        Ok(self.ahead.get_ref())
    }
}

/// The first line that is not blank, when its end is there.
fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').find(|line| !is_blank(line)).filter(|line| line.ends_with(b"\n"))
}

/// Whether there is nothing but white space.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}
