//! Compressed bodies, inflated within a limit.

use std::io::Read;

use axum::body::Bytes;
use flate2::bufread::GzDecoder;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::encoding::Encoding;

/// How a body could not be inflated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InflateError {
    TooLarge,
    TooManyParts,
    Broken,
}

/// The most gzip members or zstd frames of a body. Each costs the set-up of a decoder, however little is in it, and a
/// body of nothing but empty ones would cost seconds.
const MAX_PARTS: usize = 1024;

/// The largest zstd window taken, whatever the limit on the body: what RFC 8878 asks every decoder to support, and what
/// encoders use up to level 19. A frame inflates to at most this much before it is known to be over the limit.
const ZSTD_WINDOW_BYTES: u64 = 8 * 1024 * 1024;

/// The body as it was before it was compressed, of at most `limit` bytes.
pub(crate) fn inflate(encoding: Encoding, body: Bytes, limit: usize) -> Result<Bytes, InflateError> {
    match encoding {
        Encoding::Identity => Ok(body),
        Encoding::Gzip => gunzip(&body, limit).map(Bytes::from),
        Encoding::Zstd => unzstd(&body, limit).map(Bytes::from),
    }
}

/// JSON is seldom compressed better than to a fifth.
fn expected(body: &[u8], limit: usize) -> usize {
    body.len().saturating_mul(5).min(limit)
}

fn append(inflated: &mut Vec<u8>, source: impl Read, limit: usize) -> Result<(), InflateError> {
    let room = limit - inflated.len();
    // One byte more than there is room for, which tells a body that fits from one that does not; and a reader that is
    // read to its end checks its checksum.
    let read = source.take(room as u64 + 1).read_to_end(inflated).map_err(|_| InflateError::Broken)?;
    if read > room { Err(InflateError::TooLarge) } else { Ok(()) }
}

/// One member after the other.
fn gunzip(body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut inflated = Vec::with_capacity(expected(body, limit));
    let mut rest = body;
    for _ in 0..MAX_PARTS {
        let mut member = GzDecoder::new(rest);
        append(&mut inflated, &mut member, limit)?;
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(inflated);
        }
    }
    Err(InflateError::TooManyParts)
}

/// One frame after the other.
fn unzstd(body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let max_window = ZSTD_WINDOW_BYTES.max(limit as u64);
    let mut inflated = Vec::with_capacity(expected(body, limit));
    let mut rest = body;
    for _ in 0..MAX_PARTS {
        if rest.is_empty() {
            return Ok(inflated);
        }
        let mut frame = match StreamingDecoder::new_with_max_window_size(&mut rest, max_window) {
            Ok(frame) => frame,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                rest = rest.get(length as usize..).ok_or(InflateError::Broken)?;
                continue;
            }
            // A window, or a content without windows, that takes more memory than anything within the limit.
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(InflateError::TooLarge),
            Err(_) => return Err(InflateError::Broken),
        };
        append(&mut inflated, &mut frame, limit)?;
        let decoder = frame.into_frame_decoder();
        let sum = decoder.get_checksum_from_data();
        if sum.is_some() && sum != decoder.get_calculated_checksum() {
            return Err(InflateError::Broken);
        }
    }
    if rest.is_empty() { Ok(inflated) } else { Err(InflateError::TooManyParts) }
}
