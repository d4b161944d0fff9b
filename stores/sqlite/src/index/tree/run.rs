//! Runs: sorted blocks in the file, read key by key.

use rusqlite::Connection;

use super::block;
use super::key::Key;
use super::tables::{self, Fence, Kind};

/// A place in a run.
pub(super) struct Cursor {
    run: i64,
    fence: Option<Fence>,
    keys: Vec<Key>,
    at: usize,
    consumes: bool,
}

impl Cursor {
    /// At the first key that is not before `from`.
    pub(super) fn seek(connection: &Connection, run: i64, from: &Key) -> rusqlite::Result<Self> {
        let fence = match tables::fence_from(connection, run, Kind::Keys, from)? {
            Some(fence) => Some(fence),
            None => tables::fence_after(connection, run, Kind::Keys, from)?,
        };
        let mut cursor = Self { run, fence, keys: Vec::new(), at: 0, consumes: false };
        cursor.load(connection)?;
        cursor.at = cursor.keys.partition_point(|key| key < from);
        if cursor.at == cursor.keys.len() {
            cursor.next_block(connection)?;
        }
        Ok(cursor)
    }

    /// Goes on to the first key that is not before `to`, which is not before the key at the cursor.
    pub(super) fn go_to(&mut self, connection: &Connection, to: &Key) -> rusqlite::Result<()> {
        if self.keys.last().is_some_and(|last| to <= last) {
            self.at += self.keys[self.at..].partition_point(|key| key < to);
            return Ok(());
        }
        *self = Self::seek(connection, self.run, to)?;
        Ok(())
    }

    /// At the first key; blocks are deleted as they are left behind.
    pub(super) fn consume(connection: &Connection, run: i64) -> rusqlite::Result<Self> {
        Ok(Self { consumes: true, ..Self::seek(connection, run, &Key::FIRST)? })
    }

    /// The key at the cursor; `None` at the end of the run.
    pub(super) fn key(&self) -> Option<&Key> {
        self.keys.get(self.at)
    }

    /// Goes on to the next key.
    pub(super) fn advance(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.at += 1;
        if self.at >= self.keys.len() { self.next_block(connection) } else { Ok(()) }
    }

    fn next_block(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let Some(left) = self.fence.take() else { return Ok(()) };
        if self.consumes {
            tables::delete_block(connection, self.run, Kind::Keys, &left)?;
        }
        self.fence = tables::fence_after(connection, self.run, Kind::Keys, &left.first)?;
        self.load(connection)
    }

    fn load(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.keys.clear();
        self.at = 0;
        if let Some(fence) = &self.fence {
            tables::read_block(connection, fence.block, |bytes| block::read(bytes, &mut self.keys))?;
        }
        Ok(())
    }
}
