//! Many events in one body, cut apart without touching a byte of any.

use crate::event::{invalid_json, text_of};
use crate::scan::{AFTER_ELEMENT, Scan, error, skip_space, skip_value};
use crate::{Code, Problem, Rejection};

/// The elements of a JSON array, each as it stands in the body, without the white space around it.
///
/// An element may be any JSON value; whether it is an event is for [`Event::parse`](crate::Event::parse) to say. What is
/// not JSON in one element leaves open where the others end, so it rejects the body as a whole, like anything else that
/// is not an array: `too_large` for more than `max_events` elements, else `invalid_json`, else `wrong_type`.
///
/// ```
/// use pik_core::split_array;
///
/// assert_eq!(split_array(b"[ {\"a\":1.0} , 2 ]", 10).unwrap(), [&b"{\"a\":1.0}"[..], b"2"]);
/// assert_eq!(split_array(b"[1,2", 10).unwrap_err().problems()[0].code.as_str(), "invalid_json");
/// assert_eq!(split_array(b"{}", 10).unwrap_err().problems()[0].code.as_str(), "wrong_type");
/// assert_eq!(split_array(b"[1,2,3]", 2).unwrap_err().problems()[0].code.as_str(), "too_large");
/// ```
pub fn split_array(body: &[u8], max_events: usize) -> Result<Vec<&[u8]>, Rejection> {
    let bytes = text_of(body)?.as_bytes();
    let start = skip_space(bytes, 0);
    let found = if bytes.get(start) == Some(&b'[') {
        elements(bytes, start, max_events)
    } else {
        skip_value(bytes, start).and_then(|end| at_end(bytes, end, Found::NoArray))
    };
    match found {
        Ok(Found::Elements(elements)) => Ok(elements),
        Ok(Found::TooMany) => Err(too_many(max_events)),
        Ok(Found::NoArray) => Err(Rejection::of(Problem::of_body(
            Code::WrongType,
            "the batch is JSON but not an array; send an array of events, or one event a line as application/x-ndjson",
        ))),
        Err(error) => Err(invalid_json(body, error.at, error.reason)),
    }
}

/// The lines of an NDJSON body that hold more than white space, each without its line feed.
///
/// Each line is an event of its own, so one that is broken, in its encoding too, is rejected alone. Only more than
/// `max_events` of them reject the body as a whole.
///
/// ```
/// use pik_core::split_lines;
///
/// assert_eq!(split_lines(b"{}\n\n [] \r\n", 10).unwrap(), [&b"{}"[..], b" [] \r"]);
/// assert_eq!(split_lines(b"1\n2\n3", 2).unwrap_err().problems()[0].code.as_str(), "too_large");
/// ```
pub fn split_lines(body: &[u8], max_events: usize) -> Result<Vec<&[u8]>, Rejection> {
    let mut lines = Vec::new();
    for line in body.split(|byte| *byte == b'\n') {
        if skip_space(line, 0) == line.len() {
            continue;
        }
        if lines.len() == max_events {
            return Err(too_many(max_events));
        }
        lines.push(line);
    }
    Ok(lines)
}

enum Found<'a> {
    Elements(Vec<&'a [u8]>),
    TooMany,
    NoArray,
}

/// The elements of the array whose bracket is at `start`.
fn elements(bytes: &[u8], start: usize, max_events: usize) -> Scan<Found<'_>> {
    let mut elements = Vec::new();
    let mut at = skip_space(bytes, start + 1);
    if bytes.get(at) == Some(&b']') {
        return at_end(bytes, at + 1, Found::Elements(elements));
    }
    loop {
        // Before the element is looked at: a body of nothing but commas and digits costs no more than its limit.
        if elements.len() == max_events {
            return Ok(Found::TooMany);
        }
        let end = skip_value(bytes, at)?;
        elements.push(&bytes[at..end]);
        at = skip_space(bytes, end);
        match bytes.get(at) {
            Some(b',') => at = skip_space(bytes, at + 1),
            Some(b']') => return at_end(bytes, at + 1, Found::Elements(elements)),
            _ => return error(at, AFTER_ELEMENT),
        }
    }
}

fn at_end<'a>(bytes: &[u8], at: usize, found: Found<'a>) -> Scan<Found<'a>> {
    let end = skip_space(bytes, at);
    match (bytes.get(end), found) {
        (None, found) => Ok(found),
        (Some(b'{' | b'['), Found::NoArray) => {
            error(end, "several JSON values and no array; send one event a line as application/x-ndjson")
        }
        (Some(_), _) => error(end, "text after the end of the batch; send one array a body"),
    }
}

fn too_many(max_events: usize) -> Rejection {
    let message = format!("the batch has more than {max_events} events; send several smaller ones");
    Rejection::of(Problem::of_body(Code::TooLarge, message))
}
