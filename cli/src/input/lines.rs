//! Lines, and whole files, of a bounded length.

use std::io;

use super::found::Found;
use super::text::Text;

/// Appends the next line, without its end. Of a line over the limit nothing is kept.
pub(crate) fn read_line(text: &mut Text, line: &mut Vec<u8>, limit: usize) -> io::Result<Option<Found>> {
    let mut found = Found::at(text.line(), limit);
    loop {
        let piece = text.piece()?;
        if piece.is_empty() {
            return Ok((found.bytes_read > 0).then_some(found));
        }
        let end = memchr::memchr(b'\n', piece);
        found.keep(&piece[..end.unwrap_or(piece.len())], line);
        let used = end.map_or(piece.len(), |at| at + 1);
        text.take(used)?;
        found.bytes_read += used as u64;
        if end.is_some() {
            return Ok(Some(found));
        }
    }
}

/// Appends all that is left.
pub(super) fn read_rest(text: &mut Text, body: &mut Vec<u8>, limit: usize) -> io::Result<Found> {
    let mut found = Found::at(text.line(), limit);
    loop {
        let piece = text.piece()?;
        if piece.is_empty() {
            return Ok(found);
        }
        let used = piece.len();
        found.keep(piece, body);
        text.take(used)?;
        found.bytes_read += used as u64;
    }
}
