//! The counts by hour that the records call for, and those that there are.

use std::collections::HashMap;

use pik_core::{Outcome, Tally};
use rusqlite::Connection;

use super::Damaged;
use super::rows::Walk;
use crate::db::sql;
use crate::index::hourly::{self, Counted, hour_key};
use crate::index::occurrence::Kind;

const PART: &str = "counts by hour";
const REBUILD: &str = "make the indexes anew with `pik verify --rebuild-indexes`; no record is lost by it";

/// Tells which hours are not counted as the records say.
pub(super) fn compare(connection: &Connection, walk: &Walk<'_>, damaged: &mut Damaged<'_>) {
    // An hour with a record that is lost counts one that cannot be counted again.
    if walk.lost.is_empty()
        && let Err(error) = compare_hours(connection, walk, damaged)
    {
        damaged(PART, format!("{error}; {REBUILD}"));
    }
}

fn compare_hours(connection: &Connection, walk: &Walk<'_>, damaged: &mut Damaged<'_>) -> rusqlite::Result<()> {
    let complete_to = hourly::complete_to(connection)?;
    let mut statement = connection.prepare(sql::HOURS)?;
    let rows = statement.query_map([i64::MIN, i64::MAX], Counted::read)?;
    let mut table: HashMap<i64, Counted> = HashMap::new();
    for row in rows {
        let row = row?;
        table.insert(row.hour, row);
    }
    let counted_to = |hour: &i64| table.get(hour).map_or(complete_to, |row| row.to.max(complete_to));
    let mut expected: HashMap<i64, Tally> = HashMap::new();
    walk.occurrences(1..=walk.last, |at| {
        let hour = hour_key(at.stream, &at.event_time);
        if at.seq <= counted_to(&hour) {
            let outcome = match at.kind {
                Kind::First => Outcome::Accepted,
                Kind::Later { .. } => Outcome::Duplicate,
            };
            expected.entry(hour).or_default().add(outcome, at.ingest_time, at.lag_ms());
        }
    });
    if complete_to > walk.last {
        damaged(PART, format!("they claim records up to {complete_to}, and there are {}; {REBUILD}", walk.last));
    }
    for (hour, row) in &table {
        if row.to > walk.last {
            damaged(PART, format!("hour {hour} claims records up to {}; {REBUILD}", row.to));
        }
        if expected.remove(hour).as_ref() != Some(&row.tally) {
            damaged(PART, format!("hour {hour} is not counted as the records say; {REBUILD}"));
        }
    }
    for hour in expected.keys() {
        damaged(PART, format!("hour {hour} is missing; {REBUILD}"));
    }
    Ok(())
}
