//! Sorted sources, merged key by key.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use rusqlite::Connection;

use super::key::Key;
use super::run::Cursor;

/// A sorted sequence of keys.
pub(super) enum Source {
    Chunk { keys: Arc<[Key]>, at: usize },
    Run(Cursor),
}

impl Source {
    /// A chunk, from the first key that is not before `from`.
    pub(super) fn chunk(keys: Arc<[Key]>, from: &Key) -> Self {
        let at = keys.partition_point(|key| key < from);
        Self::Chunk { keys, at }
    }

    fn key(&self) -> Option<&Key> {
        match self {
            Self::Chunk { keys, at } => keys.get(*at),
            Self::Run(cursor) => cursor.key(),
        }
    }

    fn advance(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Chunk { at, .. } => {
                *at += 1;
                Ok(())
            }
            Self::Run(cursor) => cursor.advance(connection),
        }
    }
}

/// All keys of all sources in order. A key that several have comes several times.
pub(super) struct Merge {
    sources: Vec<Source>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
}

impl Merge {
    pub(super) fn new(sources: Vec<Source>) -> Self {
        let heads = sources.iter().enumerate().filter_map(|(at, source)| Some(Reverse((*source.key()?, at)))).collect();
        Self { sources, heads }
    }

    /// The next key.
    pub(super) fn key(&self) -> Option<Key> {
        self.heads.peek().map(|Reverse((key, _))| *key)
    }

    /// Goes on to the key behind it.
    pub(super) fn advance(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(()) };
        let source = &mut self.sources[head.0.1];
        source.advance(connection)?;
        match source.key() {
            Some(key) => head.0.0 = *key,
            None => drop(PeekMut::pop(head)),
        }
        Ok(())
    }
}
