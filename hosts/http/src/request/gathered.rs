//! A body that comes in several pieces.

use axum::body::Bytes;

use super::body_budget::{Exhausted, Share};

/// What is set aside at first: an announcement costs its sender nothing, so it is not believed.
const FIRST_BYTES: usize = 64 * 1024;
/// What is set aside when that is full. A buffer that grows to twice its size would be there twice while it is copied, and
/// the allocator keeps the smaller ones.
const NEXT_BYTES: usize = 256 * 1024;

/// The pieces so far, in buffers that are filled one after the other.
pub(super) struct Gathered {
    buffers: Vec<Vec<u8>>,
    length: usize,
    /// No body is longer.
    most: usize,
}

impl Gathered {
    pub(super) fn new(most: usize) -> Self {
        Self { buffers: Vec::new(), length: 0, most }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Adds a piece. What is set aside counts, and not only what has arrived.
    pub(super) fn push(&mut self, mut piece: &[u8], share: &mut Share) -> Result<(), Exhausted> {
        while !piece.is_empty() {
            let buffer = match self.buffers.last_mut() {
                Some(last) if last.len() < last.capacity() => last,
                _ => {
                    let usual = if self.buffers.is_empty() { FIRST_BYTES } else { NEXT_BYTES };
                    let size = usual.min(self.most.saturating_sub(self.length)).max(piece.len().min(usual));
                    share.take(size)?;
                    self.buffers.push(Vec::with_capacity(size));
                    self.buffers.last_mut().expect("one was pushed")
                }
            };
            let (now, later) = piece.split_at(piece.len().min(buffer.capacity() - buffer.len()));
            buffer.extend_from_slice(now);
            self.length += now.len();
            piece = later;
        }
        Ok(())
    }

    /// The whole body. Each buffer is given back as soon as it is copied.
    pub(super) fn whole(mut self) -> Bytes {
        if self.buffers.len() == 1
            && let Some(only) = self.buffers.pop()
        {
            return only.into();
        }
        let mut whole = Vec::with_capacity(self.length);
        for buffer in self.buffers {
            whole.extend_from_slice(&buffer);
        }
        whole.into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::request::body_budget::BodyBudget;

    /// Gathers a body in pieces, within a budget.
    fn gather(body: &[u8], piece: usize, most: usize, budget: usize) -> Result<Bytes, Exhausted> {
        let mut share = Arc::new(BodyBudget::new(budget)).share();
        let mut gathered = Gathered::new(most);
        for piece in body.chunks(piece) {
            gathered.push(piece, &mut share)?;
        }
        assert_eq!(gathered.len(), body.len());
        Ok(gathered.whole())
    }

    #[test]
    fn the_pieces_make_the_body() {
        let body: Vec<u8> = (0..2_000_000_u32).map(|number| (number % 251) as u8).collect();
        for length in [1, FIRST_BYTES - 1, FIRST_BYTES, FIRST_BYTES + 1, FIRST_BYTES + NEXT_BYTES, body.len()] {
            for piece in [1_000, FIRST_BYTES, body.len()] {
                let body = &body[..length];
                assert_eq!(gather(body, piece, length, usize::MAX).unwrap(), body, "{length} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_is_set_aside_is_counted_and_is_little_more_than_the_body() {
        let body = vec![b'x'; 1 << 20];
        let budget = body.len() + NEXT_BYTES;
        assert!(gather(&body, 1_000, usize::MAX, budget).is_ok());
        assert!(gather(&body, 1_000, usize::MAX, body.len() - NEXT_BYTES).is_err());
    }

    #[test]
    fn no_more_is_set_aside_than_the_body_may_have() {
        let body = vec![b'x'; FIRST_BYTES + 100];
        // The first 16 KiB of a request are not counted.
        assert!(gather(&body, 1_000, body.len(), body.len()).is_ok());
    }
}
