//! Reading a request's body, within a limit.

use std::error::Error;
use std::io::ErrorKind;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;

use super::body_budget::{Exhausted, Share};

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

/// What is set aside for a body of several pieces at first: an announcement costs its sender nothing, so it is not
/// believed.
const FIRST_CAPACITY: usize = 64 * 1024;

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
    let mut whole = Vec::new();
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        if whole.len() + bytes.len() > limit {
            return Err(BodyError::TooLarge);
        }
        make_room(&mut whole, bytes.len(), most, share)?;
        whole.extend_from_slice(&bytes);
        drop(bytes);
        piece = next(body).await?;
    }
    Ok(whole.into())
}

/// Makes room for `more` bytes of a body of at most `most`. What is set aside counts, and not only what has arrived.
fn make_room(whole: &mut Vec<u8>, more: usize, most: usize, share: &mut Share) -> Result<(), Exhausted> {
    let needed = whole.len() + more;
    let capacity = whole.capacity();
    if needed > capacity {
        let larger = (2 * capacity).max(FIRST_CAPACITY).min(most).max(needed);
        share.take(larger - capacity)?;
        whole.reserve_exact(larger - whole.len());
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::request::body_budget::BodyBudget;

    const LARGE: usize = 1 << 20;

    /// What is left of a budget after a body of this capacity was gathered in small pieces.
    fn gather(budget: usize, length: usize, most: usize) -> Result<usize, Exhausted> {
        let budget = Arc::new(BodyBudget::new(budget));
        let mut share = budget.share();
        let mut whole = Vec::new();
        while whole.len() < length {
            make_room(&mut whole, 1_000, most, &mut share)?;
            whole.extend_from_slice(&[0; 1_000]);
        }
        Ok(whole.capacity())
    }

    #[test]
    fn what_is_set_aside_is_counted_and_not_what_has_arrived() {
        // Just beyond a doubling, so nearly half of what is set aside is empty.
        let length = LARGE + 1_000;
        let capacity = gather(2 * LARGE, length, usize::MAX).expect("its capacity is within the budget");
        assert_eq!(capacity, 2 * LARGE);
        assert!(gather(capacity - LARGE / 2, length, usize::MAX).is_err(), "its length alone is within the budget");
    }

    #[test]
    fn no_more_is_set_aside_than_the_body_may_have() {
        let capacity = gather(2 * LARGE, LARGE, LARGE + 1_000).expect("it is within the budget");
        assert!(capacity <= LARGE + 1_000, "{capacity}");
    }
}
