//! The tables of a tree, and the statements on them.

use std::fmt;

use rusqlite::types::{Type, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::key::Key;

const RUNS: &str = "SELECT run, level, keys, merged_to, input_of FROM index_run ORDER BY run";
const FENCE_FROM: &str = "
    SELECT first, block FROM index_fence WHERE run = ?1 AND kind = ?2 AND first <= ?3 ORDER BY first DESC LIMIT 1";
const FENCE_AFTER: &str = "
    SELECT first, block FROM index_fence WHERE run = ?1 AND kind = ?2 AND first > ?3 ORDER BY first LIMIT 1";
const FENCE_BEFORE: &str = "
    SELECT first, block FROM index_fence WHERE run = ?1 AND kind = ?2 AND first < ?3 ORDER BY first DESC LIMIT 1";
const BLOCK: &str = "SELECT data FROM index_block WHERE block = ?1";

/// The statements that answer questions.
#[cfg(test)]
pub(crate) const QUESTIONS: [&str; 4] = [FENCE_FROM, FENCE_AFTER, FENCE_BEFORE, BLOCK];

/// What a fence leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Keys = 0,
    Filter = 1,
}

/// Where a block begins, and which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) first: Key,
    pub(super) block: i64,
}

/// A row of `index_run`.
pub(super) struct RunRow {
    pub(super) run: i64,
    pub(super) level: i64,
    pub(super) keys: i64,
    pub(super) merged_to: Option<Key>,
    pub(super) input_of: Option<i64>,
}

/// A part of the index that does not hold what was written into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged {
    block: Option<i64>,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.block {
            Some(block) => write!(f, "block {block} of the index is damaged")?,
            None => f.write_str("the index is damaged")?,
        }
        f.write_str("; rebuild it from the records with `pik verify --rebuild-indexes`")
    }
}

impl std::error::Error for Damaged {}

pub(super) fn damaged(block: Option<i64>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(Damaged { block }))
}

fn key(value: ValueRef<'_>) -> rusqlite::Result<Key> {
    let bytes = value.as_blob()?;
    if bytes.len() > Key::MAX {
        return Err(damaged(None));
    }
    Ok(Key::new(bytes))
}

fn bytes(key: &Key) -> ([u8; Key::MAX + 1], usize) {
    (key.padded(), key.len())
}

fn fence(row: &Row<'_>) -> rusqlite::Result<Fence> {
    Ok(Fence { first: key(row.get_ref(0)?)?, block: row.get(1)? })
}

/// All runs, the oldest first.
pub(super) fn runs(connection: &Connection) -> rusqlite::Result<Vec<RunRow>> {
    let mut statement = connection.prepare_cached(RUNS)?;
    let rows = statement.query_map([], |row| {
        let merged_to = match row.get_ref(3)? {
            ValueRef::Null => None,
            value => Some(key(value)?),
        };
        Ok(RunRow { run: row.get(0)?, level: row.get(1)?, keys: row.get(2)?, merged_to, input_of: row.get(4)? })
    })?;
    rows.collect()
}

/// All fences of a kind in a run, in order.
pub(super) fn fences(connection: &Connection, run: i64, kind: Kind) -> rusqlite::Result<Vec<Fence>> {
    let mut statement = connection
        .prepare_cached("SELECT first, block FROM index_fence WHERE run = ?1 AND kind = ?2 ORDER BY first")?;
    statement.query_map(params![run, kind as i64], fence)?.collect()
}

fn one_fence(mut statement: CachedStatement<'_>, run: i64, kind: Kind, at: &Key) -> rusqlite::Result<Option<Fence>> {
    let (bytes, length) = bytes(at);
    statement.query_row(params![run, kind as i64, &bytes[..length]], fence).optional()
}

/// The block of a run in which a key is, if the run has it.
pub(super) fn fence_from(connection: &Connection, run: i64, kind: Kind, at: &Key) -> rusqlite::Result<Option<Fence>> {
    one_fence(connection.prepare_cached(FENCE_FROM)?, run, kind, at)
}

/// The first block of a run that begins behind a key.
pub(super) fn fence_after(connection: &Connection, run: i64, kind: Kind, at: &Key) -> rusqlite::Result<Option<Fence>> {
    one_fence(connection.prepare_cached(FENCE_AFTER)?, run, kind, at)
}

/// The last fence before `at`.
pub(super) fn fence_before(connection: &Connection, run: i64, kind: Kind, at: &Key) -> rusqlite::Result<Option<Fence>> {
    one_fence(connection.prepare_cached(FENCE_BEFORE)?, run, kind, at)
}

/// Reads a block; `read` says `None` when it cannot be one.
pub(super) fn read_block<T>(
    connection: &Connection,
    block: i64,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> rusqlite::Result<T> {
    let found = connection.prepare_cached(BLOCK)?.query_row([block], |row| Ok(read(row.get_ref(0)?.as_blob()?)));
    found.optional()?.flatten().ok_or_else(|| damaged(Some(block)))
}

pub(super) fn insert_block(
    connection: &Connection,
    run: i64,
    kind: Kind,
    fence: &Fence,
    data: &[u8],
) -> rusqlite::Result<()> {
    let (first, length) = bytes(&fence.first);
    connection
        .prepare_cached("INSERT INTO index_block (block, data) VALUES (?1, ?2)")?
        .execute(params![fence.block, data])?;
    connection
        .prepare_cached("INSERT INTO index_fence (run, kind, first, block) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![run, kind as i64, &first[..length], fence.block])?;
    Ok(())
}

pub(super) fn replace_block(connection: &Connection, block: i64, data: &[u8]) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE index_block SET data = ?2 WHERE block = ?1")?.execute(params![block, data])?;
    Ok(())
}

pub(super) fn delete_block(connection: &Connection, run: i64, kind: Kind, fence: &Fence) -> rusqlite::Result<()> {
    let (first, length) = bytes(&fence.first);
    connection
        .prepare_cached("DELETE FROM index_fence WHERE run = ?1 AND kind = ?2 AND first = ?3")?
        .execute(params![run, kind as i64, &first[..length]])?;
    connection.prepare_cached("DELETE FROM index_block WHERE block = ?1")?.execute([fence.block])?;
    Ok(())
}

/// Adds a run without keys that `inputs` are merged into.
pub(super) fn begin_run(connection: &Connection, run: i64, level: i64, inputs: &[i64]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO index_run (run, level, keys, merged_to, input_of) VALUES (?1, ?2, 0, x'', NULL)")?
        .execute([run, level])?;
    let mut update = connection.prepare_cached("UPDATE index_run SET input_of = ?2 WHERE run = ?1")?;
    inputs.iter().try_for_each(|input| update.execute([*input, run]).map(drop))
}

/// Notes how far a run has come; complete without `merged_to`, and then its inputs are no more.
pub(super) fn note_run(connection: &Connection, run: i64, keys: i64, merged_to: Option<&Key>) -> rusqlite::Result<()> {
    let merged_to = merged_to.map(bytes);
    let merged_to = merged_to.as_ref().map(|(bytes, length)| &bytes[..*length]);
    connection
        .prepare_cached("UPDATE index_run SET keys = ?2, merged_to = ?3 WHERE run = ?1")?
        .execute(params![run, keys, merged_to])?;
    if merged_to.is_none() {
        connection.prepare_cached("DELETE FROM index_run WHERE input_of = ?1")?.execute([run])?;
    }
    Ok(())
}

/// The numbers of the next run and the next block.
pub(super) fn next_numbers(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row(
        "SELECT (SELECT ifnull(max(run), 0) + 1 FROM index_run), (SELECT ifnull(max(block), 0) + 1 FROM index_block)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}
