//! How a body is compressed: `Content-Encoding`.

use axum::http::{HeaderMap, header};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// How the body is compressed; `None` for ways that are not taken, and for more than one.
pub(crate) fn content_encoding(headers: &HeaderMap) -> Option<Encoding> {
    let mut found = Encoding::Identity;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            if found != Encoding::Identity {
                return None;
            }
            found = if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
                Encoding::Gzip
            } else if name.eq_ignore_ascii_case(b"zstd") {
                Encoding::Zstd
            } else {
                return None;
            };
        }
    }
    Some(found)
}
