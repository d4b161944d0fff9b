//! The statements that answer investigators. Each is a search of an index or of a primary key; a test looks at their
//! plans.

/// Rows that an id's start leads to.
pub(crate) const BY_ID: &str = "
    SELECT seq FROM by_id_recent WHERE id_prefix = ?1 UNION ALL SELECT seq FROM by_id WHERE id_prefix = ?1";

/// The next starts of ids, of those not settled and of those that are.
pub(crate) const ID_PREFIXES: [&str; 2] = [
    "SELECT id_prefix FROM by_id_recent WHERE id_prefix > ?1 ORDER BY id_prefix LIMIT ?2",
    "SELECT id_prefix FROM by_id WHERE id_prefix > ?1 ORDER BY id_prefix LIMIT ?2",
];

/// Rows of `by_first` between two keys, in order.
pub(crate) const BY_FIRST: &str = "
    SELECT first, seq FROM by_first
    WHERE (first, seq) >= (?1, ?2) AND (first, seq) <= (?3, ?4)
    ORDER BY first, seq LIMIT ?5";

macro_rules! entity_range {
    ($table:literal) => {
        concat!(
            "SELECT entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq FROM ",
            $table,
            " WHERE (entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq) >= (?1, ?2, ?3, ?4, ?5, ?6)
                AND (entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq) <= (?7, ?8, ?9, ?10, ?11, ?12)
              ORDER BY entity_prefix, kind, event_seconds, event_nanoseconds, id_prefix, seq LIMIT ?13"
        )
    };
}

/// Keys by entity between two, in order.
pub(crate) const BY_ENTITY: [&str; 2] = [entity_range!("by_entity_recent"), entity_range!("by_entity")];

macro_rules! lag_range {
    ($table:literal) => {
        concat!(
            "SELECT stream, event_day, minus_lag_ms, seq FROM ",
            $table,
            " WHERE (stream, event_day, minus_lag_ms, seq) >= (?1, ?2, ?3, ?4)
                AND (stream, event_day, minus_lag_ms, seq) <= (?5, ?6, ?7, ?8)
              ORDER BY stream, event_day, minus_lag_ms, seq LIMIT ?9"
        )
    };
}

/// Keys by lag between two, in order.
pub(crate) const BY_LAG: [&str; 2] = [lag_range!("by_lag_recent"), lag_range!("by_lag")];

/// Rows of `by_ingest` between two keys, in order.
pub(crate) const BY_INGEST: &str = "
    SELECT kind, ingest_ms, seq FROM by_ingest
    WHERE (kind, ingest_ms, seq) >= (?1, ?2, ?3) AND (kind, ingest_ms, seq) <= (?4, ?5, ?6)
    ORDER BY kind, ingest_ms, seq LIMIT ?7";

/// What a later occurrence has of its own.
pub(crate) const LATER: &str = "SELECT first, ingest_ms, receipt FROM duplicate WHERE seq = ?1";

/// The number of a source and type.
pub(crate) const STREAM: &str = "SELECT stream FROM stream WHERE source = ?1 AND event_type = ?2";

/// The hours of a stream between two, in order.
pub(crate) const HOURS: &str = "
    SELECT hour, counted_to, duplicate, first_ms, last_ms, max_lag_ms, lags FROM hourly
    WHERE hour BETWEEN ?1 AND ?2 ORDER BY hour";

/// One hour of a stream.
pub(crate) const HOUR: &str = "
    SELECT hour, counted_to, duplicate, first_ms, last_ms, max_lag_ms, lags FROM hourly WHERE hour = ?1";

/// Puts an hour of a stream in place of what was there.
pub(crate) const PUT_HOUR: &str = "
    INSERT OR REPLACE INTO hourly (hour, counted_to, duplicate, first_ms, last_ms, max_lag_ms, lags)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{rows, schema};

    /// Every statement that answers an investigator.
    const ALL: [&str; 15] = [
        BY_ID,
        ID_PREFIXES[0],
        ID_PREFIXES[1],
        BY_FIRST,
        BY_ENTITY[0],
        BY_ENTITY[1],
        BY_LAG[0],
        BY_LAG[1],
        BY_INGEST,
        LATER,
        STREAM,
        HOURS,
        HOUR,
        rows::SELECT_RECORD,
        rows::SELECT_RAW,
    ];

    #[test]
    fn none_is_a_scan_or_sorts() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        for statement in ALL {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let count = explained.parameter_count();
            let nulls = rusqlite::params_from_iter((0..count).map(|_| rusqlite::types::Null));
            let steps = explained.query_map(nulls, |row| row.get(3)).unwrap();
            let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
            println!("{steps:?}");
            let is_frame =
                |step: &String| ["COMPOUND QUERY", "LEFT-MOST SUBQUERY", "UNION ALL"].contains(&step.as_str());
            let steps: Vec<String> = steps.into_iter().filter(|step| !is_frame(step)).collect();
            assert!(!steps.is_empty());
            for step in steps {
                assert!(step.starts_with("SEARCH ") && step.contains(" USING "), "{step}: {statement}");
            }
        }
    }

    #[test]
    fn none_is_compiled_twice() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("pik.sqlite");
        let connections = [schema::open_writer(&path).unwrap(), schema::open_reader(&path).unwrap()];
        for connection in connections {
            for text in ALL {
                let mut statement = connection.prepare(text).unwrap();
                let count = statement.parameter_count();
                for number in 0..3_i64 {
                    let mut rows = statement.query(rusqlite::params_from_iter((0..count).map(|_| number))).unwrap();
                    while rows.next().unwrap().is_some() {}
                }
                assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0, "{text}");
            }
        }
    }
}
