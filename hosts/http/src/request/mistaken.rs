//! Bodies that are something else than their `Content-Type` says: told once for the body, and not once for each line.

use pik_core::{Code, Problem, Rejection, is_table_header, split_array};
use serde::de::IgnoredAny;

use super::media::MediaType;

/// What a batch is in truth, if it cannot be what it is said to be. A body with one line that may be an event is never
/// mistaken as a whole: its lines are events of their own.
pub(crate) fn batch(media_type: MediaType, body: &[u8]) -> Option<Rejection> {
    binary(body).or_else(|| match media_type {
        MediaType::Ndjson => lines(body).map(|(code, message)| Rejection::of(Problem::of_body(code, message))),
        // The core tells what an array is not.
        MediaType::Json => None,
    })
}

/// What a body is whose bytes are no UTF-8 text.
pub(crate) fn binary(body: &[u8]) -> Option<Rejection> {
    let message = match body {
        [0x1f, 0x8b, ..] => "the body is compressed with gzip; say so with `Content-Encoding: gzip`",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "the body is compressed with zstd; say so with `Content-Encoding: zstd`",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the body is UTF-16; encode it as UTF-8",
        _ => return None,
    };
    Some(Rejection::of(Problem::of_body(Code::InvalidJson, message)))
}

fn lines(body: &[u8]) -> Option<(Code, &'static str)> {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    match lines.next()? {
        // A body of a single line may be `[]` or `[1]`; what is wrong with it is told like that of any line.
        [b'[', .., b'}' | b',' | b'[' | b']'] | [b'['] if is_array_of_objects(body) => {
            Some((Code::WrongType, "the body is one JSON array; send it as `application/json`, or one event a line"))
        }
        first @ [b'{', ..] if lines.next().is_none() && values(first) > 1 => Some((
            Code::InvalidJson,
            "the body has several events on one line; put each on a line of its own (`curl -d @FILE` joins lines, `--data-binary @FILE` does not)",
        )),
        first if is_table_header(first) && !lines.any(|line| line.starts_with(b"{")) => {
            Some((Code::InvalidJson, "the body is a table of comma-separated values; send one JSON object a line"))
        }
        _ => None,
    }
}

fn is_array_of_objects(body: &[u8]) -> bool {
    split_array(body, usize::MAX).is_ok_and(|elements| elements.iter().any(|element| element.starts_with(b"{")))
}

/// How many JSON values follow each other, up to two.
fn values(body: &[u8]) -> usize {
    serde_json::Deserializer::from_slice(body).into_iter::<IgnoredAny>().take(2).filter(Result::is_ok).count()
}
