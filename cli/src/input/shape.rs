//! What a file holds, told by how it begins.

use pik_core::is_table_header;
use serde::de::IgnoredAny;

use super::text::is_blank;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Lines,
    OneEvent,
    Array,
    /// No events at all; the message says what it is, once for the file.
    Other(&'static str),
    /// The first line ends inside a JSON value: it is told by what comes behind it.
    Cut,
    /// The first line could be the header of a table: it is told by what comes behind it.
    Header,
}

/// Told by the first line that is not blank, and what stands before it.
pub(super) fn of_beginning(beginning: &[u8]) -> Shape {
    if let Some(message) = binary(beginning) {
        return Shape::Other(message);
    }
    let Some(line) = beginning.split(|byte| *byte == b'\n').find(|line| !is_blank(line)) else { return Shape::Lines };
    match line.trim_ascii() {
        [b'[', ..] => Shape::Array,
        line if is_table_header(line) => Shape::Header,
        line if ends_inside_a_value(line) => Shape::Cut,
        _ => Shape::Lines,
    }
}

/// Told by as much of the file as an event may have. A first line that was cut off must not take the lines behind it
/// for its own rest.
pub(super) fn of_cut(beginning: &[u8]) -> Shape {
    if serde_json::from_slice::<IgnoredAny>(beginning).is_ok() {
        return Shape::OneEvent;
    }
    let mut lines = beginning.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).skip(1);
    let whole = |line: &[u8]| line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    if lines.any(|line| whole(line.trim_ascii())) { Shape::Lines } else { Shape::OneEvent }
}

/// Told by some lines of the file. A first line that is broken must not take the events behind it for rows of a table.
pub(super) fn of_header(beginning: &[u8]) -> Shape {
    if beginning.split(|byte| *byte == b'\n').any(|line| line.trim_ascii().starts_with(b"{")) {
        return Shape::Lines;
    }
    Shape::Other("a table of comma-separated values, not JSON; write one JSON object a line for each event")
}

/// What is wrong with a file whose bytes are no UTF-8 text.
pub(crate) fn binary(beginning: &[u8]) -> Option<&'static str> {
    match beginning {
        [0x1f, 0x8b, ..] => Some("a gzip file; unpack it first, as `gunzip -c FILE | pik …` does"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("a zstd file; unpack it first, as `zstd -dc FILE | pik …` does"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'{' | b'[', ..] | [b'{' | b'[', 0, ..] => {
            Some("UTF-16 text; write it as UTF-8, as `iconv -f UTF-16 -t UTF-8 FILE | pik …` does")
        }
        _ => None,
    }
}

/// A line such as `{`, after which the event goes on. A line that is broken by itself is a bad line of NDJSON.
fn ends_inside_a_value(line: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_tells_the_shape() {
        let cases: [(&[u8], Shape); 14] = [
            (b"", Shape::Lines),
            (b"\n \n{\"a\":1}\n", Shape::Lines),
            (b"nope", Shape::Lines),
            (b"}", Shape::Lines),
            (b"{", Shape::Cut),
            (b"{\"source\":\"a, b, c, d", Shape::Cut),
            (b" [\n", Shape::Array),
            (b"[{}]", Shape::Array),
            (b"\"a,b,c,d\"", Shape::Header),
            (b"source,event_type", Shape::Header),
            (b"user_id,created_at,amount", Shape::Header),
            (b"id;time", Shape::Header),
            (b"broken,", Shape::Lines),
            (b"\x1f\x8b\x08", Shape::Other("")),
        ];
        for (beginning, expected) in cases {
            let found = match of_beginning(beginning) {
                Shape::Other(_) => Shape::Other(""),
                shape => shape,
            };
            assert_eq!(found, expected, "{}", beginning.escape_ascii());
        }
    }

    #[test]
    fn a_broken_first_line_does_not_make_a_table_of_the_events_behind_it() {
        assert!(matches!(of_header(b"user_id,amount\nu1,5\nu2,6\n"), Shape::Other(_)));
        assert!(matches!(of_header(b"user_id,amount"), Shape::Other(_)));
        assert_eq!(of_header(b"rubbish, four, words, here\n\n{\"source\":\"a\"}\n"), Shape::Lines);
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_take_the_others() {
        assert_eq!(of_cut(b"{\"source\":\"a\",\"ev\n{\"b\":1}\n{\"c\":1}\n"), Shape::Lines);
        assert_eq!(of_cut(b"{\"payload\":\n{\"b\":1}\n}\n"), Shape::OneEvent);
        assert_eq!(of_cut(b"{\n \"source\": x,\n \"payload\": {\n}}\n"), Shape::OneEvent);
    }
}
