//! The statements that answer investigators. Each is a search of an index or of a primary key; a test looks at their
//! plans.

/// What a later occurrence has of its own.
pub(crate) const LATER: &str = "SELECT first, ingest_ms, receipt FROM duplicate WHERE seq = ?1";

/// The number of a source and type.
pub(crate) const STREAM: &str = "SELECT stream FROM stream WHERE source = ?1 AND event_type = ?2";

/// The hours of a stream between two, in order.
pub(crate) const HOURS: &str = "
    SELECT hour, counted_to, duplicate, first_ms, last_ms, max_lag_ms, lags FROM hourly
    WHERE hour BETWEEN ?1 AND ?2 ORDER BY hour";

/// Puts an hour of a stream in place of what was there.
pub(crate) const PUT_HOUR: &str = "
    INSERT OR REPLACE INTO hourly (hour, counted_to, duplicate, first_ms, last_ms, max_lag_ms, lags)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// The numbers of a source's streams.
pub(crate) const SOURCE_STREAMS: &str = "SELECT stream FROM stream WHERE source = ?1";

/// The stream of a first occurrence.
pub(crate) const STREAM_OF_FIRST: &str = "SELECT stream FROM event WHERE seq = ?1";

/// The stream of a later occurrence.
pub(crate) const STREAM_OF_LATER: &str = "
    SELECT e.stream FROM duplicate d CROSS JOIN event e ON e.seq = d.first WHERE d.seq = ?1";

/// The streams behind a source and type, in order.
pub(crate) const STREAMS: &str = "
    SELECT stream, source, event_type FROM stream
    WHERE (source, event_type) > (?1, ?2) ORDER BY source, event_type LIMIT ?3";

/// The counts of the streams between two numbers, in order.
pub(crate) const STREAM_COUNTS: &str = "
    SELECT stream, counted_to, accepted, duplicate, first_ms, last_ms, last_event_seconds, last_event_nanoseconds
    FROM stream_count WHERE stream BETWEEN ?1 AND ?2 ORDER BY stream";

/// Puts the counts of a stream in place of what was there.
pub(crate) const PUT_STREAM_COUNT: &str = "
    INSERT OR REPLACE INTO stream_count (stream, counted_to, accepted, duplicate, first_ms, last_ms, last_event_seconds,
        last_event_nanoseconds)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{rows, schema};
    use crate::index::tree::tables;

    /// Every statement that answers an investigator.
    const ALL: [&str; 14] = [
        tables::QUESTIONS[0],
        tables::QUESTIONS[1],
        tables::QUESTIONS[2],
        tables::QUESTIONS[3],
        LATER,
        STREAM,
        HOURS,
        STREAMS,
        STREAM_COUNTS,
        SOURCE_STREAMS,
        STREAM_OF_FIRST,
        STREAM_OF_LATER,
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
