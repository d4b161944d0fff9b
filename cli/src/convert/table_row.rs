//! Where the rows of a table end.

use std::io;

use memchr::{memchr, memchr_iter};

use crate::input::Text;

/// The most bytes that a row may have.
pub(super) const MAX_ROW_BYTES: usize = 16 << 20;

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// At the beginning of a cell, where a quote opens.
    Start,
    /// In a cell without quotes, or behind them.
    Plain,
    /// Between quotes; the line of the one that opened.
    Quotes { line: u64 },
    /// Behind a quote between quotes: it closes, or is the first of two.
    Quote { line: u64 },
}

/// How a row ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// There is no row.
    NoRow,
    Whole,
    /// Something other than the end of the cell stands behind its closing quote: what the cell is can only be guessed at.
    Stray,
    /// The row has too many bytes, and was not kept.
    TooLong,
    /// The file ends between quotes; the line of the one that opened.
    Unclosed {
        line: u64,
    },
    /// The quotes that opened on this line take more bytes than a row may have; where the next row begins is not known.
    Endless {
        line: u64,
    },
}

/// Appends the next row without its end.
pub(super) fn read_row(text: &mut Text, delimiter: u8, row: &mut Vec<u8>) -> io::Result<(RowEnd, u64)> {
    let (mut within, mut bytes_read, start) = (Within::Start, 0_u64, row.len());
    let (mut fits, mut stray) = (true, false);
    let whole = |fits: bool, stray: bool| match (fits, stray) {
        (false, _) => RowEnd::TooLong,
        (true, true) => RowEnd::Stray,
        (true, false) => RowEnd::Whole,
    };
    loop {
        let line = text.line();
        let piece = text.piece()?;
        if piece.is_empty() {
            let end = match within {
                Within::Quotes { line } => RowEnd::Unclosed { line },
                Within::Start if bytes_read == 0 => RowEnd::NoRow,
                Within::Start | Within::Plain | Within::Quote { .. } => whole(fits, stray),
            };
            return Ok((end, bytes_read));
        }
        let end = walk(piece, delimiter, line, &mut within, &mut stray);
        let kept = end.unwrap_or(piece.len());
        fits = fits && row.len() - start + kept <= MAX_ROW_BYTES;
        if fits {
            row.extend_from_slice(&piece[..kept]);
        } else {
            row.truncate(start);
        }
        let used = end.map_or(piece.len(), |end| end + 1);
        text.take(used)?;
        bytes_read += used as u64;
        match within {
            _ if end.is_some() => return Ok((whole(fits, stray), bytes_read)),
            Within::Quotes { line } if !fits => return Ok((RowEnd::Endless { line }, bytes_read)),
            Within::Start | Within::Plain | Within::Quotes { .. } | Within::Quote { .. } => {}
        }
    }
}

/// The place of the line feed that ends the row. Notes whether text stands behind a closing quote.
fn walk(piece: &[u8], delimiter: u8, first_line: u64, within: &mut Within, stray: &mut bool) -> Option<usize> {
    if matches!(within, Within::Start | Within::Plain) {
        // Most rows have no quote, and end with their line.
        let end = memchr(b'\n', piece);
        let rest = &piece[..end.unwrap_or(piece.len())];
        if memchr(b'"', rest).is_none() {
            if let Some(last) = rest.last() {
                *within = if *last == delimiter { Within::Start } else { Within::Plain };
            }
            return end;
        }
    }
    let mut at = 0;
    while at < piece.len() {
        let byte = piece[at];
        *within = match (*within, byte) {
            (Within::Quotes { line }, _) => match memchr(b'"', &piece[at..]) {
                Some(before) => {
                    at += before;
                    Within::Quote { line }
                }
                None => return None,
            },
            (Within::Quote { line }, b'"') => Within::Quotes { line },
            (Within::Start, b'"') => {
                Within::Quotes { line: first_line + memchr_iter(b'\n', &piece[..at]).count() as u64 }
            }
            (_, b'\n') => return Some(at),
            (_, byte) if byte == delimiter => Within::Start,
            (Within::Quote { .. }, byte) => {
                *stray |= byte != b'\r';
                Within::Plain
            }
            _ => Within::Plain,
        };
        at += 1;
    }
    None
}

/// Whether a carriage return stands alone in the row, outside of quotes: a line may end with it, but no row does here.
pub(super) fn has_lone_return(row: &[u8]) -> bool {
    let mut is_quoted = false;
    memchr(b'\r', row).is_some()
        && row.iter().any(|byte| {
            is_quoted ^= *byte == b'"';
            *byte == b'\r' && !is_quoted
        })
}
