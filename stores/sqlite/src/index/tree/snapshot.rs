//! The tree at one moment, for readers.

use rusqlite::Connection;

use super::backwards;
use super::key::Key;
use super::memtable::View;
use super::merge::{Merge, Source};
use super::run::Cursor;
use super::tables;

/// All keys that there were when the view was taken, and perhaps some that came between that and the start of the
/// connection's read transaction: always all keys up to one commit, and none that came after it.
pub(crate) struct Snapshot<'c> {
    connection: &'c Connection,
    view: View,
    runs: Vec<Reach>,
}

/// A run, and where keys of it may be that are nowhere else.
struct Reach {
    run: i64,
    after: Option<Key>,
    up_to: Option<Key>,
}

impl<'c> Snapshot<'c> {
    /// Within a read transaction that began after the view was taken.
    pub(crate) fn new(connection: &'c Connection, view: View) -> rusqlite::Result<Self> {
        debug_assert!(!connection.is_autocommit(), "runs are read within one transaction");
        let rows = tables::runs(connection)?;
        let merged_to = |run: i64| rows.iter().find(|row| row.run == run).and_then(|row| row.merged_to);
        let reach = |row: &tables::RunRow| Reach {
            run: row.run,
            after: row.input_of.and_then(merged_to),
            up_to: row.merged_to,
        };
        let runs = rows.iter().map(reach).collect();
        Ok(Self { connection, view, runs })
    }

    /// The first `count` keys from `from` to `to`, both included, in order.
    pub(crate) fn range(&self, from: &Key, to: &Key, count: usize) -> rusqlite::Result<Vec<Key>> {
        let mut sources = Vec::new();
        for chunk in &self.view.chunks {
            sources.push(Source::chunk(chunk.clone(), from));
        }
        let mut tail: Vec<Key> = self.view.tail.iter().copied().filter(|key| (from..=to).contains(&key)).collect();
        tail.sort_unstable();
        sources.push(Source::chunk(tail.into(), from));
        for Reach { run, after, up_to } in &self.runs {
            if after.as_ref().is_none_or(|after| after < to) && up_to.as_ref().is_none_or(|up_to| from <= up_to) {
                sources.push(Source::Run(Cursor::seek(self.connection, *run, from)?));
            }
        }
        let mut merge = Merge::new(sources);
        let mut keys: Vec<Key> = Vec::new();
        while keys.len() < count
            && let Some(key) = merge.key()
            && key <= *to
        {
            if keys.last() != Some(&key) {
                keys.push(key);
            }
            merge.advance(self.connection)?;
        }
        Ok(keys)
    }

    /// All keys that begin with one of these, which are in order; in no order, and one may come twice.
    pub(crate) fn with_prefixes(&self, prefixes: &[Key]) -> rusqlite::Result<Vec<Key>> {
        let mut keys = Vec::new();
        let (Some(first), Some(last)) = (prefixes.first(), prefixes.last().map(Key::last_with_prefix)) else {
            return Ok(keys);
        };
        let mut tail: Vec<Key> = self.view.tail.iter().copied().filter(|key| (*first..=last).contains(key)).collect();
        tail.sort_unstable();
        for mut rest in self.view.chunks.iter().map(|chunk| &chunk[..]).chain([&tail[..]]) {
            for prefix in prefixes {
                rest = &rest[rest.partition_point(|key| key < prefix)..];
                keys.extend(rest.iter().take_while(|key| key.starts_with(prefix)));
            }
        }
        for Reach { run, after, up_to } in &self.runs {
            let is_here = |prefix: &&Key| {
                after.is_none_or(|after| after < prefix.last_with_prefix())
                    && up_to.is_none_or(|up_to| **prefix <= up_to)
            };
            let mut prefixes = prefixes.iter().filter(is_here);
            let Some(first) = prefixes.next() else { continue };
            let mut cursor = Cursor::seek(self.connection, *run, first)?;
            for prefix in [first].into_iter().chain(prefixes) {
                cursor.go_to(self.connection, prefix)?;
                while let Some(key) = cursor.key().filter(|key| key.starts_with(prefix)) {
                    keys.push(*key);
                    cursor.advance(self.connection)?;
                }
            }
        }
        Ok(keys)
    }

    /// The last `count` keys from `from` to `to`, both included, the greatest first.
    pub(crate) fn range_back(&self, from: &Key, to: &Key, count: usize) -> rusqlite::Result<Vec<Key>> {
        let chunks = self.view.chunks.iter().cloned();
        let mut sources: Vec<_> = chunks.map(|chunk| backwards::Source::chunk(chunk, to)).collect();
        let mut tail: Vec<Key> = self.view.tail.iter().copied().filter(|key| (from..=to).contains(&key)).collect();
        tail.sort_unstable();
        sources.push(backwards::Source::chunk(tail.into(), to));
        for Reach { run, after, up_to } in &self.runs {
            if after.as_ref().is_none_or(|after| after < to) && up_to.as_ref().is_none_or(|up_to| from <= up_to) {
                sources.extend(backwards::Source::run(self.connection, *run, to)?);
            }
        }
        backwards::merged(self.connection, sources, from, count)
    }
}
