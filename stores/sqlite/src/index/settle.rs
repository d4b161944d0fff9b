//! Keys on their way from a small table into the large one.
//!
//! Keys by id, by entity and by lag come in no order. A sweep of some ten thousand of them into a table of many millions
//! would change a page for nearly each; into a small table it changes a few. When a million have come together there
//! they are moved on in their order, a slice at a time: neighbours among a million share pages in the large table, too.
//! A slice is moved by the transaction of a group, so a key is always in one of the two.

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

/// So many keys come together before they are moved on.
const GATHERED: usize = 1 << 20;
/// The least that is worth a visit to the large table.
const SLICE: usize = 512;
/// So many are moved on for each that comes, so that a pass ends before as many have come together again.
const RATIO: usize = 2;

/// The two tables of an index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tables {
    /// The small one.
    pub(crate) recent: &'static str,
    /// The large one.
    pub(crate) settled: &'static str,
    /// Their columns, all of them the primary key.
    pub(crate) columns: &'static [&'static str],
}

pub(crate) const BY_ID: Tables = Tables { recent: "by_id_recent", settled: "by_id", columns: &["id_prefix", "seq"] };
pub(crate) const BY_ENTITY: Tables = Tables {
    recent: "by_entity_recent",
    settled: "by_entity",
    columns: &["entity_prefix", "kind", "event_seconds", "event_nanoseconds", "id_prefix", "seq"],
};
pub(crate) const BY_LAG: Tables =
    Tables { recent: "by_lag_recent", settled: "by_lag", columns: &["stream", "event_day", "minus_lag_ms", "seq"] };

/// How far the small table of an index has been moved on.
pub(crate) struct Settling {
    tables: Tables,
    gathered: usize,
    // Keys up to this one have moved in the pass that is under way.
    moved_to: Option<Vec<i64>>,
    due: usize,
    // What the open transaction has done, which becomes true with its commit.
    open: Option<Step>,
    gather: usize,
}

struct Step {
    come: usize,
    moved: usize,
    moved_to: Option<Vec<i64>>,
}

impl Settling {
    /// The tables as the file has them.
    pub(crate) fn load(connection: &Connection, tables: Tables) -> rusqlite::Result<Self> {
        Self::gathering(connection, tables, GATHERED)
    }

    fn gathering(connection: &Connection, tables: Tables, gather: usize) -> rusqlite::Result<Self> {
        let gathered: i64 =
            connection.query_row(&format!("SELECT count(*) FROM {}", tables.recent), [], |row| row.get(0))?;
        let gathered = usize::try_from(gathered).unwrap_or(0);
        Ok(Self { tables, gathered, moved_to: None, due: 0, open: None, gather })
    }

    /// Within the transaction that is open: `come` keys have come, and some are moved on if it is time.
    pub(crate) fn write(&mut self, connection: &Connection, come: usize) -> rusqlite::Result<()> {
        let step = self.open.insert(Step { come, moved: 0, moved_to: self.moved_to.clone() });
        if step.moved_to.is_none() {
            if self.gathered + come < self.gather {
                return Ok(());
            }
            // Below all keys.
            step.moved_to = Some(vec![i64::MIN; self.tables.columns.len()]);
        }
        let due = self.due + come * RATIO;
        if let Some(from) = &step.moved_to
            && due >= SLICE
        {
            let to = last_of_slice(connection, &self.tables, from, due)?;
            step.moved = move_on(connection, &self.tables, from, to.as_deref())?;
            step.moved_to = to;
        }
        Ok(())
    }

    /// The transaction is through.
    pub(crate) fn committed(&mut self) {
        if let Some(Step { come, moved, moved_to }) = self.open.take() {
            self.gathered = (self.gathered + come).saturating_sub(moved);
            self.due = if moved_to.is_some() { (self.due + come * RATIO).saturating_sub(moved) } else { 0 };
            self.moved_to = moved_to;
        }
    }

    /// The transaction is lost.
    pub(crate) fn abandoned(&mut self) {
        self.open = None;
    }
}

/// The key that ends a slice; `None` when fewer are left.
fn last_of_slice(
    connection: &Connection,
    tables: &Tables,
    from: &[i64],
    count: usize,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let columns = tables.columns.join(", ");
    let select = format!(
        "SELECT {columns} FROM {} WHERE ({columns}) > ({}) ORDER BY {columns} LIMIT 1 OFFSET {}",
        tables.recent,
        places(from.len()),
        count - 1
    );
    let read = |row: &Row<'_>| (0..from.len()).map(|column| row.get(column)).collect();
    // Not worth a place among the prepared statements: it differs from slice to slice.
    connection.prepare(&select)?.query_row(params_from_iter(from), read).optional()
}

/// Moves the keys behind `from`, up to `to` or to the end; how many there were.
fn move_on(connection: &Connection, tables: &Tables, from: &[i64], to: Option<&[i64]>) -> rusqlite::Result<usize> {
    let Tables { recent, settled, .. } = tables;
    let columns = tables.columns.join(", ");
    let places = places(from.len());
    let upper = if to.is_some() { format!(" AND ({columns}) <= ({places})") } else { String::new() };
    let range = format!("FROM {recent} WHERE ({columns}) > ({places}){upper}");
    let bounds = || params_from_iter(from.iter().chain(to.unwrap_or_default()));
    // A key may be there already: after a crash, a sweep writes what it had written once more.
    connection
        .prepare_cached(&format!("INSERT OR IGNORE INTO {settled} SELECT * {range} ORDER BY {columns}"))?
        .execute(bounds())?;
    connection.prepare_cached(&format!("DELETE {range}"))?.execute(bounds())
}

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::db::schema;

    const GATHER: usize = 2_000;

    fn keys(connection: &Connection, table: &str) -> Vec<(i64, i64)> {
        let mut statement = connection.prepare(&format!("SELECT id_prefix, seq FROM {table}")).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn every_key_is_in_one_table_and_the_small_one_stays_small() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        let mut settling = Settling::gathering(&connection, BY_ID, GATHER).unwrap();
        let mut expected = BTreeSet::new();
        let (mut passes, mut largest) = (0, 0);
        for round in 0..400_i64 {
            let fails = round % 7 == 3;
            let under_way = settling.moved_to.is_some();
            connection.execute_batch("BEGIN").unwrap();
            let fresh: Vec<(i64, i64)> =
                (0..100).map(|nth| round * 100 + nth).map(|seq| (seq * 7_919 % 10_007 - 5_000, seq)).collect();
            for key in &fresh {
                connection.execute("INSERT INTO by_id_recent VALUES (?1, ?2)", [key.0, key.1]).unwrap();
            }
            settling.write(&connection, fresh.len()).unwrap();
            connection.execute_batch(if fails { "ROLLBACK" } else { "COMMIT" }).unwrap();
            if fails {
                settling.abandoned();
            } else {
                settling.committed();
                expected.extend(fresh);
            }
            passes += usize::from(under_way && settling.moved_to.is_none());
            if round % 50 == 49 {
                // A new run begins a pass of its own.
                settling = Settling::gathering(&connection, BY_ID, GATHER).unwrap();
            }
            let (recent, settled) = (keys(&connection, "by_id_recent"), keys(&connection, "by_id"));
            assert_eq!(settling.gathered, recent.len(), "in round {round}");
            largest = largest.max(recent.len());
            let all: BTreeSet<_> = recent.iter().chain(&settled).copied().collect();
            assert_eq!(all.len(), recent.len() + settled.len(), "no key is in both");
            assert_eq!(all, expected, "in round {round}");
        }
        assert!(passes >= 5, "only {passes} passes");
        assert!(largest < GATHER * 2, "{largest} keys came together");
    }
}
