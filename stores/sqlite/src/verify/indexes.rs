//! The keys that the records call for, and the keys that there are.
//!
//! Both are added up by ranges of records, so this takes little memory whatever the size of the file. Only ranges whose sums
//! differ are looked into key by key.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use rusqlite::Connection;

use super::Damaged;
use super::rows::Walk;
use crate::index::keys;
use crate::index::tree::{self, Key};

/// Records of a range.
const RANGE: i64 = 4_096;
/// Differences that are told one by one.
const MOST: usize = 1_000;

const PART: &str = "index";
/// What to do about any of it.
const REBUILD: &str = "make the indexes anew with `pik verify --rebuild-indexes`; no record is lost by it";

/// How many keys, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    keys: u64,
    hashes: u64,
}

impl Sum {
    fn add(&mut self, key: &Key) {
        self.keys += 1;
        self.hashes = self.hashes.wrapping_add(FixedState::with_seed(0).hash_one(key.padded()));
    }
}

/// Tells how the indexes differ from the records.
pub(super) fn compare(connection: &Connection, walk: &Walk<'_>, damaged: &mut Damaged<'_>) {
    let mut told = 0;
    let structure = tree::structure(connection, &keys::FILTERED, &mut |reason| {
        told += 1;
        if told <= MOST {
            damaged(PART, format!("{reason}; {REBUILD}"));
        }
    });
    if let Err(error) = structure.and_then(|()| compare_keys(connection, walk, damaged)) {
        damaged(PART, format!("{error}; {REBUILD}"));
    }
}

fn compare_keys(connection: &Connection, walk: &Walk<'_>, damaged: &mut Damaged<'_>) -> rusqlite::Result<()> {
    // Behind this, keys may be missing: they are made from the records at the next start.
    let complete_to = tree::complete_to(connection)?;
    if complete_to > walk.last {
        damaged(PART, format!("it claims records up to {complete_to}, and there are {}; {REBUILD}", walk.last));
    }
    let ranges = usize::try_from(walk.last / RANGE + 1).unwrap_or(0);
    let (mut expected, mut found) = (vec![Sum::default(); ranges], vec![Sum::default(); ranges]);
    let is_due = |seq: i64| seq <= complete_to;
    walk.occurrences(1..=walk.last.min(complete_to), |at| {
        keys::of(&at).for_each(|key| expected[range_of(at.seq)].add(&key));
    });
    let mut strangers = Vec::new();
    let mut lost = Vec::new();
    tree::each_key(connection, &mut |key| match keys::seq_of(key) {
        Some(seq) if walk.lost.iter().any(|lost| lost.contains(&seq)) => {
            lost.extend(keys::id_start(key).map(|start| (seq, start)));
        }
        Some(seq) if (1..=walk.last).contains(&seq) && is_due(seq) => found[range_of(seq)].add(key),
        Some(seq) if (1..=walk.last).contains(&seq) => {}
        Some(_) | None => strangers.push(*key),
    })?;
    for (seq, start) in lost.iter().take(MOST) {
        damaged(&format!("record {seq}"), format!("lost: the event whose event_id starts with {start}"));
    }
    for key in strangers.iter().take(MOST) {
        damaged(PART, format!("it has the key {key:?}, which no record can have; {REBUILD}"));
    }
    let differing: BTreeSet<usize> = (0..ranges).filter(|range| expected[*range] != found[*range]).collect();
    if !differing.is_empty() {
        tell_keys(connection, walk, &differing, complete_to, damaged)?;
    }
    Ok(())
}

/// Tells each key in which some ranges differ.
fn tell_keys(
    connection: &Connection,
    walk: &Walk<'_>,
    ranges: &BTreeSet<usize>,
    complete_to: i64,
    damaged: &mut Damaged<'_>,
) -> rusqlite::Result<()> {
    let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
    for range in ranges {
        let start = i64::try_from(*range).unwrap_or(0) * RANGE;
        let records = start.max(1)..=(start + RANGE - 1).min(walk.last).min(complete_to);
        walk.occurrences(records, |at| expected.extend(keys::of(&at)));
    }
    tree::each_key(connection, &mut |key| {
        if let Some(seq) = keys::seq_of(key)
            && (1..=walk.last.min(complete_to)).contains(&seq)
            && ranges.contains(&range_of(seq))
            && !walk.lost.iter().any(|lost| lost.contains(&seq))
        {
            found.insert(*key);
        }
    })?;
    let lacking = expected.difference(&found).map(|key| ("lacks the", key));
    let strange = found.difference(&expected).map(|key| ("has a wrong", key));
    for (how, key) in lacking.chain(strange).take(MOST) {
        let record = keys::seq_of(key).unwrap_or(0);
        damaged(PART, format!("it {how} key {key:?} of record {record}; {REBUILD}"));
    }
    Ok(())
}

fn range_of(seq: i64) -> usize {
    usize::try_from(seq / RANGE).unwrap_or(0)
}
