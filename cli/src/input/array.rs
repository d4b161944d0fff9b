//! The elements of one JSON array, one at a time.

use std::io;

use super::found::Found;
use super::text::Text;

/// Where the walk through an array stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArrayWalk {
    /// Before the bracket that opens it.
    Before,
    /// At an element, or at the bracket that closes it.
    Inside { is_first: bool },
    /// Behind the bracket that closes it.
    Behind,
}

const NOT_CLOSED: &str = "the array is not closed; the file was cut off, or a `]` is missing";
const TEXT_BEHIND: &str = "there is text behind the array; write one array, or one event a line";

impl ArrayWalk {
    /// Appends the next element without the white space around it; `None` at the end.
    ///
    /// Elements are told apart by their commas alone. Whether each is an event is found out when it is parsed.
    pub(crate) fn read(&mut self, text: &mut Text, element: &mut Vec<u8>, limit: usize) -> io::Result<Option<Found>> {
        if *self == Self::Before {
            skip_space(text)?;
            // The shape was told by this bracket.
            if text.piece()?.first() == Some(&b'[') {
                text.take(1)?;
            }
            *self = Self::Inside { is_first: true };
        }
        let bytes_skipped = skip_space(text)?;
        let mut found = Found::at(text.line(), limit);
        found.bytes_read = bytes_skipped;
        let Self::Inside { is_first } = *self else {
            if text.piece()?.is_empty() {
                return Ok(None);
            }
            found.problem = Some(TEXT_BEHIND);
            skip_all(text)?;
            return Ok(Some(found));
        };
        let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
        loop {
            let piece = text.piece()?;
            if piece.is_empty() {
                *self = Self::Behind;
                found.problem = Some(NOT_CLOSED);
                return Ok(Some(found));
            }
            let mut end = None;
            for (at, byte) in piece.iter().enumerate() {
                match byte {
                    _ if is_escaped => is_escaped = false,
                    b'\\' if in_string => is_escaped = true,
                    b'"' => in_string = !in_string,
                    _ if in_string => {}
                    b'{' | b'[' => depth += 1,
                    b',' | b']' if depth == 0 => {
                        end = Some((at, *byte));
                        break;
                    }
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            let used = end.map_or(piece.len(), |(at, _)| at);
            found.keep(&piece[..used], element);
            text.take(used)?;
            found.bytes_read += used as u64;
            if let Some((_, delimiter)) = end {
                text.take(1)?;
                found.bytes_read += 1;
                let space = element.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
                element.truncate(element.len() - space);
                if delimiter == b',' {
                    *self = Self::Inside { is_first: false };
                    return Ok(Some(found));
                }
                *self = Self::Behind;
                // `[]` has no element.
                if is_first && element.is_empty() && found.fits {
                    return self.read(text, element, limit);
                }
                return Ok(Some(found));
            }
        }
    }
}

/// How many bytes of white space there were.
fn skip_space(text: &mut Text) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let piece = text.piece()?;
        let space = piece.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_all = space == piece.len();
        text.take(space)?;
        skipped += space as u64;
        if space == 0 || !is_all {
            return Ok(skipped);
        }
    }
}

fn skip_all(text: &mut Text) -> io::Result<()> {
    loop {
        let count = text.piece()?.len();
        if count == 0 {
            return Ok(());
        }
        text.take(count)?;
    }
}
