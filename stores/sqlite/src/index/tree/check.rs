//! Whether a tree in a file is sound: what each of its parts says of the others.

use rusqlite::Connection;

use super::block;
use super::filter::{self, Filter};
use super::key::Key;
use super::memtable::View;
use super::shape::Filtered;
use super::snapshot::Snapshot;
use super::tables::{self, Kind, RunRow};

/// Keys that are read at once.
const PAGE: usize = 8_192;

/// Tells what is wrong with blocks, fences and filters. What it does not tell about, lookups rely on.
pub(crate) fn structure(
    connection: &Connection,
    filtered: &Filtered,
    tell: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let rows = tables::runs(connection)?;
    for row in &rows {
        let dead_to = row.input_of.and_then(|output| rows.iter().find(|row| row.run == output)?.merged_to);
        check_run(connection, filtered, row, dead_to.as_ref(), tell)?;
    }
    Ok(())
}

fn check_run(
    connection: &Connection,
    filtered: &Filtered,
    row: &RunRow,
    dead_to: Option<&Key>,
    tell: &mut dyn FnMut(String),
) -> rusqlite::Result<()> {
    let run = row.run;
    let pages = tables::fences(connection, run, Kind::Filter)?;
    let mut page: Option<(usize, Option<Filter>)> = None;
    let mut last: Option<Key> = None;
    let mut keys = Vec::new();
    for fence in tables::fences(connection, run, Kind::Keys)? {
        keys.clear();
        if let Err(error) = tables::read_block(connection, fence.block, |bytes| block::read(bytes, &mut keys)) {
            tell(format!("run {run}: {error}"));
            continue;
        }
        let in_order = keys.is_sorted_by(|one, next| one < next) && last.as_ref() < keys.first();
        if keys.first() != Some(&fence.first) || !in_order {
            tell(format!("run {run}: block {} is not where its keys belong", fence.block));
        }
        last = keys.last().copied();
        for key in &keys {
            let is_dead = dead_to.is_some_and(|dead_to| key <= dead_to)
                || row.merged_to.as_ref().is_some_and(|merged_to| key > merged_to);
            let Some(hash) = filter::hash(filtered, key).filter(|_| !is_dead) else { continue };
            let prefix = Key::new(&key.padded()[..filtered.bytes]).last_with_prefix();
            let behind = pages.partition_point(|page| page.first <= prefix);
            let Some(at) = behind.checked_sub(1) else {
                tell(format!("run {run}: no filter covers {key:?}"));
                continue;
            };
            if page.as_ref().is_none_or(|(loaded, _)| *loaded != at) {
                let block = pages[at].block;
                let read = tables::read_block(connection, block, |bytes| Filter::read(block::open(bytes)?));
                page = Some((at, read.map_err(|error| tell(format!("run {run}: {error}"))).ok()));
            }
            if let Some((_, Some(filter))) = &page
                && !filter.may_have(hash)
            {
                tell(format!("run {run}: the filter in block {} lacks {key:?}", pages[at].block));
            }
        }
    }
    Ok(())
}

/// Each key of the tree once, in order, as readers see them. Within a read transaction.
pub(crate) fn each_key(connection: &Connection, each: &mut dyn FnMut(&Key)) -> rusqlite::Result<()> {
    let snapshot = Snapshot::new(connection, View { chunks: Vec::new(), tail: Vec::new() })?;
    let end = Key::new(&[0xff]);
    let mut from = Key::FIRST;
    loop {
        let keys = snapshot.range(&from, &end, PAGE)?;
        // The first of a page is the last of the one before.
        let skip = usize::from(from != Key::FIRST);
        keys.iter().skip(skip).for_each(&mut *each);
        match keys.last() {
            Some(last) if keys.len() == PAGE => from = *last,
            Some(_) | None => return Ok(()),
        }
    }
}
