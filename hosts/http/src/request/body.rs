//! Reading a request's body, within a limit.

use std::error::Error;
use std::io::ErrorKind;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;

use super::body_budget::{Exhausted, Share};
use super::gathered::Gathered;

/// How a body could not be read.
#[derive(Debug)]
pub(crate) enum BodyError {
    TooLarge,
    /// The bodies under way take all that they may.
    NoRoom,
    /// It is not framed as its `Transfer-Encoding` says.
    Malformed,
    /// It ended early, or the host gave up waiting.
    Broken(String),
}

impl From<Exhausted> for BodyError {
    fn from(_: Exhausted) -> Self {
        Self::NoRoom
    }
}

/// How much of a body over its limit is read all the same. Many clients read the answer only when they have sent
/// everything, and a server that closes before loses it on the way.
const DISCARDED_BYTES: u64 = 4 * 1024 * 1024;

/// The whole body; no copy is made of one that came in a single piece.
pub(crate) async fn read(body: &mut Body, limit: usize, share: &mut Share) -> Result<Bytes, BodyError> {
    let hint = body.size_hint();
    if hint.lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let most = hint.exact().map_or(limit, |announced| announced as usize);
    let Some(first) = next(body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(BodyError::TooLarge);
    }
    if body.is_end_stream() {
        share.take(first.len())?;
        return Ok(first);
    }
    let mut gathered = Gathered::new(most);
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        if gathered.len() + bytes.len() > limit {
            return Err(BodyError::TooLarge);
        }
        gathered.push(&bytes, share)?;
        drop(bytes);
        piece = next(body).await?;
    }
    Ok(gathered.whole())
}

/// Reads on to the end, or until the body is far beyond its limit.
pub(crate) async fn discard(body: &mut Body, limit: usize) {
    let most = limit as u64 + DISCARDED_BYTES;
    let mut discarded = 0;
    while discarded <= most {
        match next(body).await {
            Ok(Some(bytes)) => discarded += bytes.len() as u64,
            Ok(None) | Err(_) => return,
        }
    }
}

/// The next piece of data; trailers are passed over.
async fn next(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(broken(&error)),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// Hosts say with an [`ErrorKind`] what became of the bytes.
fn broken(error: &axum::Error) -> BodyError {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == ErrorKind::InvalidData
        {
            return BodyError::Malformed;
        }
        source = error.source();
    }
    BodyError::Broken(error.to_string())
}
