//! Cursors: where the next page begins, bound to the question it belongs to.
//!
//! A cursor is no secret and proves nothing: it can be made by hand, and then at most begins a page of the same
//! question somewhere else. What the question asks for is taken from the parameters alone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pik_core::{IngestTime, Position, Query};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::response::json::json;

/// The first byte, to be raised when what follows changes.
const VERSION: u8 = 2;
/// Bytes of a hash: enough against mix-ups and damage, not against malice.
const HASH_BYTES: usize = 6;

/// Why a text does not say where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CursorError {
    /// It never was a cursor, is one of another version, or has lost or changed a character.
    Broken,
    /// It came with a page of another question.
    OtherQuestion,
}

impl CursorError {
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Broken => "`cursor` is not one that came with a page here; leave it out to begin at the first page",
            Self::OtherQuestion => {
                "`cursor` came with a page of another question; send the parameters of that page with it (`limit` may differ)"
            }
        }
    }
}

/// The cursor of the page that begins at `position`.
///
/// A question about arrivals is frozen by its first page: the cursor carries how far that one went.
pub(crate) fn write(question: &impl Serialize, settled_until: Option<IngestTime>, position: &Position) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&hash(&json(question)));
    if let Some(time) = settled_until {
        bytes.extend_from_slice(format!("{time} ").as_bytes());
    }
    bytes.extend_from_slice(position.as_str().as_bytes());
    bytes.extend_from_slice(&hash(&bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How far the question goes, if it was frozen, and where the page of a cursor begins.
pub(crate) fn read(query: &Query, cursor: &str) -> Result<(Option<IngestTime>, Position), CursorError> {
    let position = position(query, cursor)?;
    if query.arrivals().is_some() {
        let (time, position) = position.as_str().split_once(' ').ok_or(CursorError::Broken)?;
        Ok((Some(time.parse().map_err(|_| CursorError::Broken)?), Position::new(position)))
    } else {
        Ok((None, position))
    }
}

/// Where the page of a cursor begins, of a question that is never frozen.
pub(crate) fn position(asked: &impl Serialize, cursor: &str) -> Result<Position, CursorError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError::Broken)?;
    let (text, check) = bytes.split_last_chunk::<HASH_BYTES>().ok_or(CursorError::Broken)?;
    let [VERSION, rest @ ..] = text else { return Err(CursorError::Broken) };
    let (question, position) = rest.split_first_chunk::<HASH_BYTES>().ok_or(CursorError::Broken)?;
    let position = str::from_utf8(position).map_err(|_| CursorError::Broken)?;
    if *check != hash(text) {
        Err(CursorError::Broken)
    } else if *question != hash(&json(asked)) {
        Err(CursorError::OtherQuestion)
    } else {
        Ok(Position::new(position))
    }
}

fn hash(bytes: &[u8]) -> [u8; HASH_BYTES] {
    let [a, b, c, d, e, f, ..]: [u8; 32] = Sha256::digest(bytes).into();
    [a, b, c, d, e, f]
}
