//! What a body says it is: `Content-Type`.

use axum::http::{HeaderMap, header};

/// The types that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaType {
    Json,
    Ndjson,
}

/// The body's type; `None` when it is missing, said twice, malformed, unknown, or in a charset other than UTF-8.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<MediaType> {
    let mut given = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (given.next(), given.next()) else { return None };
    let value = value.as_bytes();
    // What nearly every client sends.
    if value == b"application/json" {
        return Some(MediaType::Json);
    }
    let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
    let (essence, parameters) = value.split_at(end);
    let essence = essence.trim_ascii();
    let media_type = if essence.eq_ignore_ascii_case(b"application/json") {
        MediaType::Json
    } else if essence.eq_ignore_ascii_case(b"application/x-ndjson") {
        MediaType::Ndjson
    } else {
        return None;
    };
    are_fine(parameters).then_some(media_type)
}

/// Whether `(; name=value)*` is well-formed (RFC 9110, section 5.6.6) and every charset UTF-8.
fn are_fine(parameters: &[u8]) -> bool {
    let mut rest = parameters;
    while let [b';', after @ ..] = rest {
        rest = after.trim_ascii_start();
        // `; ;` and a semicolon at the end are allowed.
        if rest.is_empty() || rest[0] == b';' {
            continue;
        }
        let Some((name, after)) = token(rest) else { return false };
        let [b'=', after @ ..] = after else { return false };
        let Some((value, after)) = value(after) else { return false };
        if name.eq_ignore_ascii_case(b"charset") && !value.eq_ignore_ascii_case(b"utf-8") {
            return false;
        }
        rest = after.trim_ascii_start();
    }
    rest.is_empty()
}

fn value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let [b'"', inside @ ..] = text else {
        return token(text).map(|(value, rest)| (value.to_vec(), rest));
    };
    let mut value = Vec::new();
    let mut rest = inside;
    loop {
        match rest {
            [b'"', after @ ..] => return Some((value, after)),
            [b'\\', escaped, after @ ..] => {
                value.push(*escaped);
                rest = after;
            }
            [plain, after @ ..] => {
                value.push(*plain);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let end = text.iter().position(|byte| !is_token(byte)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
