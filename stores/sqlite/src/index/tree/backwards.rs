//! The tree's keys from the last to the first.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use rusqlite::Connection;

use super::block;
use super::key::Key;
use super::tables::{self, Fence, Kind};

/// A sorted sequence of keys, read backwards: `left` of `keys` are still to come, the last of them next.
pub(super) struct Source {
    keys: Arc<[Key]>,
    left: usize,
    // Of a run: where the block begins that `keys` are of.
    run: Option<(i64, Fence)>,
}

impl Source {
    /// A chunk, from the last key that is not behind `to`.
    pub(super) fn chunk(keys: Arc<[Key]>, to: &Key) -> Self {
        let left = keys.partition_point(|key| key <= to);
        Self { keys, left, run: None }
    }

    /// A run, from the last key that is not behind `to`; `None` when there is no such key.
    pub(super) fn run(connection: &Connection, run: i64, to: &Key) -> rusqlite::Result<Option<Self>> {
        let Some(fence) = tables::fence_from(connection, run, Kind::Keys, to)? else { return Ok(None) };
        // INVARIANT: a fence's key is the first of its block, so at least that one is not behind `to`.
        let block = Self::chunk(load(connection, &fence)?, to);
        Ok(Some(Self { run: Some((run, fence)), ..block }))
    }

    fn key(&self) -> Option<&Key> {
        self.left.checked_sub(1).and_then(|at| self.keys.get(at))
    }

    fn advance(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return Ok(());
        }
        let Some((run, fence)) = &mut self.run else { return Ok(()) };
        if let Some(before) = tables::fence_before(connection, *run, Kind::Keys, &fence.first)? {
            self.keys = load(connection, &before)?;
            self.left = self.keys.len();
            *fence = before;
        }
        Ok(())
    }
}

fn load(connection: &Connection, fence: &Fence) -> rusqlite::Result<Arc<[Key]>> {
    let mut keys = Vec::new();
    tables::read_block(connection, fence.block, |bytes| block::read(bytes, &mut keys))?;
    Ok(keys.into())
}

/// The last `count` keys of all sources down to `from`, each once, the greatest first.
pub(super) fn merged(
    connection: &Connection,
    mut sources: Vec<Source>,
    from: &Key,
    count: usize,
) -> rusqlite::Result<Vec<Key>> {
    let heads = sources.iter().enumerate().filter_map(|(at, source)| Some((*source.key()?, at)));
    let mut heads: BinaryHeap<(Key, usize)> = heads.collect();
    let mut keys: Vec<Key> = Vec::new();
    while keys.len() < count
        && let Some(mut head) = heads.peek_mut()
        && head.0 >= *from
    {
        if keys.last() != Some(&head.0) {
            keys.push(head.0);
        }
        let source = &mut sources[head.1];
        source.advance(connection)?;
        match source.key() {
            Some(key) => head.0 = *key,
            None => drop(PeekMut::pop(head)),
        }
    }
    Ok(keys)
}
