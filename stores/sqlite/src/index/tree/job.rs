//! Writing a run out of a memtable or out of other runs, a slice at a time.

use rusqlite::{Connection, params};

use super::block::Builder;
use super::filter;
use super::filters::{self, Budget, Filters};
use super::key::Key;
use super::memtable::Memory;
use super::merge::{Merge, Source};
use super::run::Cursor;
use super::shape::Shape;
use super::tables::{self, Fence, Kind};

/// A run as the writer knows it.
pub(super) struct Run {
    pub(super) run: i64,
    pub(super) level: i64,
    pub(super) keys: usize,
    pub(super) filters: Filters,
    /// Keys up to this one are in the run that this one is merged into.
    pub(super) after: Option<Key>,
    /// Keys behind this one are not here yet.
    pub(super) up_to: Option<Key>,
}

impl Run {
    /// Keys that begin with a prefix whose hash is given.
    pub(super) fn find(
        &mut self,
        connection: &Connection,
        budget: &mut Budget,
        (prefix, hash): (&Key, u64),
        found: &mut Vec<Key>,
    ) -> rusqlite::Result<()> {
        let last = prefix.last_with_prefix();
        if self.after.is_some_and(|after| last <= after) || self.up_to.is_some_and(|up_to| up_to < *prefix) {
            return Ok(());
        }
        if self.filters.may_have(connection, budget, prefix, hash)? {
            let mut cursor = Cursor::seek(connection, self.run, prefix)?;
            while let Some(key) = cursor.key().filter(|key| **key <= last) {
                found.push(*key);
                cursor.advance(connection)?;
            }
        }
        Ok(())
    }
}

/// What a run is written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    /// The frozen memtable, which has all keys up to this occurrence.
    Memory { covers: i64 },
    /// Runs, by their numbers.
    Runs(Vec<i64>),
}

/// A run that is being written.
pub(super) struct Job {
    pub(super) output: Run,
    pub(super) from: From,
    /// Keys that may be written before the next slice is due.
    pub(super) credit: usize,
    pub(super) is_finished: bool,
    filter: filters::Writer,
    merge: Option<Merge>,
}

/// What a slice needs of the tree.
pub(super) struct Surroundings<'t> {
    pub(super) connection: &'t Connection,
    pub(super) shape: &'t Shape,
    pub(super) memory: &'t Memory,
    pub(super) runs: &'t mut [Run],
    pub(super) budget: &'t mut Budget,
    pub(super) next_block: &'t mut i64,
}

impl Job {
    /// Goes on with a run, `expected` keys long in the end.
    pub(super) fn new(output: Run, from: From, expected: usize) -> Self {
        Self { output, from, credit: 0, is_finished: false, filter: filters::Writer::new(expected), merge: None }
    }

    fn merge(&self, around: &Surroundings<'_>) -> rusqlite::Result<Merge> {
        let done = self.output.up_to.unwrap_or(Key::FIRST);
        let sources = match &self.from {
            From::Memory { .. } => around.memory.frozen().into_iter().map(|keys| Source::chunk(keys, &done)).collect(),
            From::Runs(runs) => {
                let cursors = runs.iter().map(|run| Ok(Source::Run(Cursor::consume(around.connection, *run)?)));
                cursors.collect::<rusqlite::Result<_>>()?
            }
        };
        Ok(Merge::new(sources))
    }

    /// Writes blocks until they have at least as many keys as there is credit, or to the end. If the transaction fails, the
    /// job is of no use any more: its state is in the tables.
    pub(super) fn slice(&mut self, around: &mut Surroundings<'_>) -> rusqlite::Result<()> {
        let mut merge = match self.merge.take() {
            Some(merge) => merge,
            None => self.merge(around)?,
        };
        let connection = around.connection;
        let mut builder = Builder::new();
        let mut first = Key::FIRST;
        // INVARIANT: no key is empty, so the empty one stands for none.
        let mut last = self.output.up_to.unwrap_or(Key::FIRST);
        loop {
            let Some(key) = merge.key() else {
                self.is_finished = true;
                break;
            };
            if key <= last {
                merge.advance(connection)?;
                continue;
            }
            if !builder.fits(&key, around.shape.block) {
                self.write_block(around, &first, &mut builder)?;
                if self.credit == 0 {
                    break;
                }
            }
            if builder.keys() == 0 {
                first = key;
            }
            builder.push(&key);
            if let Some(hash) = filter::hash(&around.shape.filtered, &key) {
                let Run { run, filters, .. } = &mut self.output;
                self.filter.add(connection, *run, filters, around.budget, around.next_block, (&key, hash))?;
            }
            last = key;
            merge.advance(connection)?;
        }
        if builder.keys() > 0 {
            self.write_block(around, &first, &mut builder)?;
        }
        self.filter.store(connection, self.output.run, &mut self.output.filters, around.budget)?;
        self.output.up_to = (!self.is_finished).then_some(last);
        self.merge = Some(merge);
        self.note(around, &last)
    }

    fn write_block(
        &mut self,
        around: &mut Surroundings<'_>,
        first: &Key,
        builder: &mut Builder,
    ) -> rusqlite::Result<()> {
        let keys = builder.keys();
        let fence = Fence { first: *first, block: *around.next_block };
        *around.next_block += 1;
        tables::insert_block(around.connection, self.output.run, Kind::Keys, &fence, &builder.take())?;
        self.output.keys += keys;
        self.credit = self.credit.saturating_sub(keys);
        Ok(())
    }

    fn note(&mut self, around: &mut Surroundings<'_>, last: &Key) -> rusqlite::Result<()> {
        let keys = i64::try_from(self.output.keys).unwrap_or(i64::MAX);
        tables::note_run(around.connection, self.output.run, keys, self.output.up_to.as_ref())?;
        match &self.from {
            From::Memory { covers } if self.is_finished => note_complete(around.connection, *covers),
            From::Memory { .. } => Ok(()),
            From::Runs(inputs) => {
                for input in around.runs.iter_mut().filter(|run| inputs.contains(&run.run)) {
                    input.after = Some(*last);
                    if self.is_finished {
                        input.filters.delete(around.connection, input.run)?;
                    } else {
                        input.filters.delete_to(around.connection, input.run, last)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// The name under which `indexed` says up to which occurrence the runs are complete.
const NAME: &str = "keys";

fn note_complete(connection: &Connection, covers: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO indexed (name, complete_to) VALUES (?1, ?2)")?
        .execute(params![NAME, covers])?;
    Ok(())
}

/// Up to which occurrence the runs are complete.
pub(crate) fn complete_to(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT ifnull(max(complete_to), 0) FROM indexed WHERE name = ?1", [NAME], |row| row.get(0))
}
