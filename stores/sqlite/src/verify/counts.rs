//! The counts that the records call for, and those that there are.

use std::collections::HashMap;

use rusqlite::Connection;

use super::Damaged;
use super::rows::Walk;
use crate::index::counts::{self, Counted, Table};
use crate::index::hours::Hours;
use crate::index::streams::Streams;

const REBUILD: &str = "make the indexes anew with `pik verify --rebuild-indexes`; no record is lost by it";

/// Tells which counts are not as the records say.
pub(super) fn compare(connection: &Connection, walk: &Walk<'_>, damaged: &mut Damaged<'_>) {
    compare_table::<Hours>(("counts by hour", "hour"), connection, walk, damaged);
    compare_table::<Streams>(("counts by stream", "stream"), connection, walk, damaged);
}

fn compare_table<T: Table>(
    (part, key): (&str, &str),
    connection: &Connection,
    walk: &Walk<'_>,
    damaged: &mut Damaged<'_>,
) {
    let damaged = &mut |reason: String| damaged(part, format!("{reason}; {REBUILD}"));
    // A key with a record that is lost counts one that cannot be counted again.
    if walk.lost.is_empty()
        && let Err(error) = compare_rows::<T>(key, connection, walk, damaged)
    {
        damaged(error.to_string());
    }
}

fn compare_rows<T: Table>(
    name: &str,
    connection: &Connection,
    walk: &Walk<'_>,
    damaged: &mut impl FnMut(String),
) -> rusqlite::Result<()> {
    let complete_to = counts::complete_to::<T>(connection)?;
    let rows = T::rows(connection, &(i64::MIN..=i64::MAX))?;
    let table: HashMap<i64, Counted<T::Tally>> = rows.into_iter().map(|row| (row.key, row)).collect();
    let counted_to = |key: &i64| table.get(key).map_or(complete_to, |row| row.to.max(complete_to));
    let mut expected: HashMap<i64, T::Tally> = HashMap::new();
    walk.occurrences(1..=walk.last, |at| {
        let key = T::key(&at);
        if at.seq <= counted_to(&key) {
            T::add(expected.entry(key).or_default(), &at);
        }
    });
    if complete_to > walk.last {
        damaged(format!("they claim records up to {complete_to}, and there are {}", walk.last));
    }
    for (key, row) in &table {
        if row.to > walk.last {
            damaged(format!("{name} {key} claims records up to {}", row.to));
        }
        if expected.remove(key).as_ref() != Some(&row.tally) {
            damaged(format!("{name} {key} is not counted as the records say"));
        }
    }
    for key in expected.keys() {
        damaged(format!("{name} {key} is missing"));
    }
    Ok(())
}
