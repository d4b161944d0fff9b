//! Reading a request's body, within a limit.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;

/// How a body could not be read.
#[derive(Debug)]
pub(crate) enum BodyError {
    TooLarge,
    /// It ended early, or the host gave up waiting.
    Broken(String),
}

/// How much of a body that nobody wants is read all the same. A server that answers and closes while its peer still sends
/// loses the answer on the way, so whoever is a little over a limit would never be told.
const DISCARDED_BYTES: u64 = 4 * 1024 * 1024;

/// The whole body; no copy is made of one that came in a single piece.
pub(crate) async fn read(body: &mut Body, limit: usize) -> Result<Bytes, BodyError> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let Some(first) = next(body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(BodyError::TooLarge);
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let Some(second) = next(body).await? else { return Ok(first) };
    // INVARIANT: `announced` is at most `limit`.
    let mut whole = Vec::with_capacity((announced as usize).max(first.len() + second.len()));
    whole.extend_from_slice(&first);
    let mut piece = Some(second);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > limit {
            return Err(BodyError::TooLarge);
        }
        whole.extend_from_slice(&bytes);
        piece = next(body).await?;
    }
    Ok(whole.into())
}

/// Reads on to the end, as far as that is worth it.
pub(crate) async fn discard(body: &mut Body) {
    if body.size_hint().lower() > DISCARDED_BYTES {
        return;
    }
    let mut discarded = 0;
    while discarded <= DISCARDED_BYTES {
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
            Some(Err(error)) => return Err(BodyError::Broken(error.to_string())),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}
