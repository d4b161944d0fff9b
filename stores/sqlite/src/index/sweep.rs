//! An index that is written in bulk.
//!
//! A key that went straight into a table of millions would dirty a page of its own, and a group of thirty events would
//! commit a hundred pages. So new keys are collected in memory. When there are enough of them they are sorted and move
//! into the table a slice at a time, while the next ones are being collected: neighbours in a slice are neighbours in
//! the table and share its pages. The rows that keys come from are durable already; up to which row the table is
//! complete is stored with it, and what is missing is read from the rows at the next start.

use std::ops::{Range, RangeInclusive};

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::index::occurrence::Occurrence;

/// So many keys are sorted among themselves as they arrive.
const RUN: usize = 1024;
/// So many rows are inserted by one statement.
const ROWS: usize = 32;

/// An index: its name, the table that its keys go into (all columns are the primary key), and the key of an occurrence,
/// if it has one.
pub(crate) struct Layout<const N: usize> {
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    pub(crate) key: fn(&Occurrence) -> Option<[i64; N]>,
}

/// How many keys go into the table and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// So many are collected before they start to move.
    pub(crate) collect: usize,
    /// So many move at a time, or more to keep up with those that are collected meanwhile.
    pub(crate) slice: usize,
}

/// A table and the keys that are not in it yet.
pub(crate) struct Index<const N: usize> {
    layout: &'static Layout<N>,
    // Sorted runs of RUN keys each, and fewer unsorted ones behind them.
    collecting: Vec<[i64; N]>,
    // Sorted; those before `slice.start` are in the table, `slice` is being written.
    moving: Vec<[i64; N]>,
    slice: Range<usize>,
    // Every occurrence up to this one has its key in the table once `moving` is.
    moving_covers: i64,
    // Every occurrence up to this one has its key in the table, and that is noted in the file.
    complete_to: i64,
}

/// What the writer does with an index, whatever its keys. In this order: `begin`, `write` within a transaction, then
/// `committed` or `abandoned`.
pub(crate) trait Sweep {
    /// Adds a committed occurrence.
    fn add(&mut self, occurrence: &Occurrence);
    /// Every occurrence up to this one has its key in the table.
    fn complete_to(&self) -> i64;
    /// Picks the keys to be moved, and says whether any are due. `last_seq` is the last occurrence added.
    fn begin(&mut self, pace: Pace, last_seq: i64) -> bool;
    /// Writes them into the table.
    fn write(&self, connection: &Connection) -> rusqlite::Result<()>;
    /// They are in the table now.
    fn committed(&mut self);
    /// They are not, and go on waiting.
    fn abandoned(&mut self);
}

impl<const N: usize> Index<N> {
    /// The index as the table has it, without what is still missing there.
    pub(crate) fn load(connection: &Connection, layout: &'static Layout<N>) -> rusqlite::Result<Self> {
        let complete_to = connection
            .query_row("SELECT complete_to FROM indexed WHERE name = ?1", [layout.name], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        Ok(Self {
            layout,
            collecting: Vec::new(),
            moving: Vec::new(),
            slice: 0..0,
            moving_covers: complete_to,
            complete_to,
        })
    }

    /// How many keys are being written.
    pub(crate) fn slice(&self) -> usize {
        self.slice.len()
    }

    // With the slice that is being written, if any.
    fn is_newly_complete(&self) -> bool {
        self.slice.end == self.moving.len() && self.moving_covers > self.complete_to
    }

    fn insert<'k>(
        &self,
        connection: &Connection,
        rows: usize,
        chunks: impl Iterator<Item = &'k [[i64; N]]>,
    ) -> rusqlite::Result<()> {
        // A key may be there already: how far the table is complete is noted only when all have moved.
        let row = format!("({})", ["?"; N].join(", "));
        let rows = vec![row; rows].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {} VALUES {rows}", self.layout.table);
        let mut insert = connection.prepare_cached(&insert)?;
        for chunk in chunks {
            insert.execute(params_from_iter(chunk.as_flattened()))?;
        }
        Ok(())
    }

    /// The keys of a range that are not in the table yet, in no order.
    pub(crate) fn waiting(&self, range: RangeInclusive<[i64; N]>) -> impl Iterator<Item = &[i64; N]> {
        let (runs, unsorted) = self.collecting.split_at(self.collecting.len() / RUN * RUN);
        let unsorted = unsorted.iter().filter({
            let range = range.clone();
            move |key| range.contains(*key)
        });
        let sorted = runs.chunks(RUN).chain([&self.moving[self.slice.start..]]);
        let sorted = sorted.flat_map(move |run| {
            let from = run.partition_point(|key| key < range.start());
            let to = run.partition_point(|key| key <= range.end());
            &run[from..to.max(from)]
        });
        sorted.chain(unsorted)
    }
}

impl<const N: usize> Sweep for Index<N> {
    fn add(&mut self, occurrence: &Occurrence) {
        if occurrence.seq > self.complete_to
            && let Some(key) = (self.layout.key)(occurrence)
        {
            self.collecting.push(key);
            if self.collecting.len().is_multiple_of(RUN) {
                let run = self.collecting.len() - RUN;
                self.collecting[run..].sort_unstable();
            }
        }
    }

    fn complete_to(&self) -> i64 {
        self.complete_to
    }

    fn begin(&mut self, pace: Pace, last_seq: i64) -> bool {
        let moved = self.slice.start == self.moving.len();
        if moved && self.collecting.len() >= pace.collect.max(1) {
            self.moving.clear();
            std::mem::swap(&mut self.moving, &mut self.collecting);
            // A stable sort merges the runs that are there.
            self.moving.sort();
            self.moving_covers = last_seq;
            self.slice = 0..0;
        } else if moved && self.collecting.is_empty() && last_seq - self.moving_covers > pace.collect as i64 {
            // No key among so many occurrences: to note that spares the next start from reading them all.
            self.moving_covers = last_seq;
        }
        // Everything has moved by the time that as much is collected again.
        let behind =
            if pace.collect == 0 { pace.slice } else { self.collecting.len().saturating_sub(self.slice.start) };
        if behind >= pace.slice {
            self.slice.end = self.moving.len().min(self.slice.start + behind);
        }
        !self.slice.is_empty() || self.is_newly_complete()
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.slice.is_empty() {
            let rows = self.moving[self.slice.clone()].chunks_exact(ROWS);
            self.insert(connection, 1, rows.remainder().chunks_exact(1))?;
            self.insert(connection, ROWS, rows)?;
        }
        if self.is_newly_complete() {
            connection
                .prepare_cached("INSERT OR REPLACE INTO indexed (name, complete_to) VALUES (?1, ?2)")?
                .execute(params![self.layout.name, self.moving_covers])?;
        }
        Ok(())
    }

    fn committed(&mut self) {
        if self.is_newly_complete() {
            self.complete_to = self.moving_covers;
        }
        self.slice.start = self.slice.end;
    }

    fn abandoned(&mut self) {
        self.slice.end = self.slice.start;
    }
}
