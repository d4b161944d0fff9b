//! What a file holds, told by how it begins.

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
}

const MEMBERS: [&str; 5] = ["source", "event_type", "entity_id", "event_time", "payload"];

/// Told by the first line that is not blank, and what stands before it.
pub(super) fn of_beginning(beginning: &[u8]) -> Shape {
    if let Some(message) = binary(beginning) {
        return Shape::Other(message);
    }
    let Some(line) = beginning.split(|byte| *byte == b'\n').find(|line| !is_blank(line)) else { return Shape::Lines };
    match line.trim_ascii() {
        [b'[', ..] => Shape::Array,
        line if is_csv(line) => {
            Shape::Other("a table of comma-separated values, not JSON; write one JSON object a line for each event")
        }
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

/// What is wrong with a file whose bytes are no UTF-8 text.
pub(super) fn binary(beginning: &[u8]) -> Option<&'static str> {
    match beginning {
        [0x1f, 0x8b, ..] => Some("a gzip file; unpack it first, as `gunzip -c FILE | pik …` does"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("a zstd file; unpack it first, as `zstd -dc FILE | pik …` does"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'{' | b'[', ..] | [b'{' | b'[', 0, ..] => {
            Some("UTF-16 text; write it as UTF-8, as `iconv -f UTF-16 -t UTF-8 FILE | pik …` does")
        }
        _ => None,
    }
}

/// A header with one of our names, or at least four fields that are no JSON.
fn is_csv(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    if line.contains(['{', '}', '[', ']', ':']) {
        return false;
    }
    [',', ';', '\t'].into_iter().any(|separator| {
        let fields: Vec<&str> = line.split(separator).map(|field| field.trim().trim_matches('"')).collect();
        fields.len() >= 4 || (fields.len() >= 2 && fields.iter().any(|field| MEMBERS.contains(field)))
    })
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
        let cases: [(&[u8], Shape); 12] = [
            (b"", Shape::Lines),
            (b"\n \n{\"a\":1}\n", Shape::Lines),
            (b"nope", Shape::Lines),
            (b"}", Shape::Lines),
            (b"{", Shape::Cut),
            (b"{\"source\":\"a, b, c, d", Shape::Cut),
            (b" [\n", Shape::Array),
            (b"[{}]", Shape::Array),
            (b"\"a,b,c,d\"", Shape::Other("")),
            (b"source,event_type", Shape::Other("")),
            (b"id;time;name;amount", Shape::Other("")),
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
    fn a_line_that_was_cut_off_does_not_take_the_others() {
        assert_eq!(of_cut(b"{\"source\":\"a\",\"ev\n{\"b\":1}\n{\"c\":1}\n"), Shape::Lines);
        assert_eq!(of_cut(b"{\"payload\":\n{\"b\":1}\n}\n"), Shape::OneEvent);
        assert_eq!(of_cut(b"{\n \"source\": x,\n \"payload\": {\n}}\n"), Shape::OneEvent);
    }
}
