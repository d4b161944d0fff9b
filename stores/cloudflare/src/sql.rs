//! The statements. Each is a search of a primary key or of an index, in that one's order; a test looks at their plans.
//!
//! Hashes come and go in hexadecimal: a `BLOB` would cross into JavaScript as an array of numbers.

/// The columns of `event` as [`EventRow`](crate::row::EventRow) reads them.
macro_rules! columns {
    () => {
        "lower(hex(e.event_id)) AS event_id, e.source, e.event_type, e.entity_id, e.event_seconds,
         e.event_nanoseconds, e.ingest_ms, e.finished_ms, e.status, e.raw_bucket, e.raw_size,
         lower(hex(e.payload_hash)) AS payload_hash, e.receipt, e.contract"
    };
}

/// The columns of a later occurrence, of which the rest is the event's.
macro_rules! duplicate_columns {
    () => {
        concat!(
            columns!(),
            ", d.ingest_ms AS duplicate_ingest_ms,
         d.finished_ms AS duplicate_finished_ms, d.receipt AS duplicate_receipt"
        )
    };
}

/// Stores a claim, unless the event has a record.
pub(crate) const CLAIM: &str = "
    INSERT INTO event (event_id, source, event_type, entity_id, event_day, event_seconds, event_nanoseconds, ingest_ms,
        ingest_lag_ms, status, raw_bucket, raw_size, payload_hash, receipt, contract)
    VALUES (unhex(?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'PENDING', ?10, ?11, unhex(?12), ?13, ?14)
    ON CONFLICT (event_id) DO NOTHING";

/// The record of a first occurrence.
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM event e WHERE e.event_id = unhex(?1)");

/// The records of the first occurrences whose ids are in a JSON array.
pub(crate) const FIND_MANY: &str =
    concat!("SELECT ", columns!(), " FROM json_each(?1) wanted CROSS JOIN event e ON e.event_id = unhex(wanted.value)");

/// Turns a claim into a record, if that has not happened.
pub(crate) const COMMIT: &str = "
    UPDATE event SET status = 'ACCEPTED', receipt = ?2, raw_size = ?3, finished_ms = ?4
    WHERE event_id = unhex(?1) AND status = 'PENDING'";

/// Stores the record of a later occurrence.
pub(crate) const RECORD_DUPLICATE: &str = "
    INSERT INTO duplicate (event_id, ingest_ms, receipt, finished_ms) VALUES (unhex(?1), ?2, ?3, ?4)
    ON CONFLICT (event_id, ingest_ms, receipt) DO NOTHING";

/// The events of an entity from one place (?2 to ?4) to another (?5 to ?7, excluded).
pub(crate) const ENTITY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM event e INDEXED BY by_entity
    WHERE e.status = 'ACCEPTED' AND e.entity_id = ?1
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) >= (?2, ?3, unhex(?4))
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) < (?5, ?6, unhex(?7))
    ORDER BY e.event_seconds, e.event_nanoseconds, e.event_id LIMIT ?8"
);

/// The later occurrences of the events of an entity from one place to another.
pub(crate) const ENTITY_DUPLICATES: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM event e INDEXED BY by_entity CROSS JOIN duplicate d ON d.event_id = e.event_id
    WHERE e.status = 'ACCEPTED' AND e.entity_id = ?1
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) >= (?2, ?3, unhex(?4))
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) < (?5, ?6, unhex(?7))
    ORDER BY e.event_seconds, e.event_nanoseconds, e.event_id, d.ingest_ms, d.receipt LIMIT ?8"
);

/// The events of a type and day, worst lag first, behind a lag and id.
pub(crate) const LAG: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM event e INDEXED BY by_lag
    WHERE e.status = 'ACCEPTED' AND e.source = ?1 AND e.event_type = ?2 AND e.event_day = ?3
      AND e.ingest_lag_ms >= ?4 AND (e.ingest_lag_ms, e.event_id) < (?5, unhex(?6))
    ORDER BY e.ingest_lag_ms DESC, e.event_id DESC LIMIT ?7"
);

/// The first occurrences that arrived from one place (?1, ?2) to a moment (?3, excluded).
pub(crate) const ARRIVALS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM event e INDEXED BY by_listing
    WHERE e.status = 'ACCEPTED' AND (e.listed_ms, e.event_id) >= (?1, unhex(?2)) AND e.listed_ms < ?3
    ORDER BY e.listed_ms, e.event_id LIMIT ?4"
);

/// The later occurrences that arrived behind a place (?1 to ?3) and before a moment (?4).
pub(crate) const ARRIVAL_DUPLICATES: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM duplicate d INDEXED BY duplicate_by_listing CROSS JOIN event e ON e.event_id = d.event_id
    WHERE (d.listed_ms, d.event_id, d.receipt) > (?1, unhex(?2), ?3) AND d.listed_ms < ?4
    ORDER BY d.listed_ms, d.event_id, d.receipt LIMIT ?5"
);

/// The first occurrences that arrived before a place (?1, ?2) and not before a moment (?3), the latest first.
pub(crate) const ARRIVALS_BACK: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM event e INDEXED BY by_listing
    WHERE e.status = 'ACCEPTED' AND (e.listed_ms, e.event_id) < (?1, unhex(?2)) AND e.listed_ms >= ?3
    ORDER BY e.listed_ms DESC, e.event_id DESC LIMIT ?4"
);

/// The later occurrences that arrived before a place (?1 to ?3) and not before a moment (?4), the latest first.
pub(crate) const ARRIVAL_DUPLICATES_BACK: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM duplicate d INDEXED BY duplicate_by_listing CROSS JOIN event e ON e.event_id = d.event_id
    WHERE (d.listed_ms, d.event_id, d.receipt) < (?1, unhex(?2), ?3) AND d.listed_ms >= ?4
    ORDER BY d.listed_ms DESC, d.event_id DESC, d.receipt DESC LIMIT ?5"
);

/// The later occurrences of an event behind an arrival.
pub(crate) const DUPLICATES: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM event e CROSS JOIN duplicate d ON d.event_id = e.event_id
    WHERE e.event_id = unhex(?1) AND (d.ingest_ms, d.receipt) > (?2, ?3)
    ORDER BY d.ingest_ms, d.receipt LIMIT ?4"
);

/// The events from one place (?1 to ?3) to another (?4 to ?6, excluded), by their time.
pub(crate) const EVENT_TIMES: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM event e INDEXED BY by_event_time
    WHERE e.status = 'ACCEPTED'
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) >= (?1, ?2, unhex(?3))
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) < (?4, ?5, unhex(?6))
    ORDER BY e.event_seconds, e.event_nanoseconds, e.event_id LIMIT ?7"
);

/// [`EVENT_TIMES`], the latest first.
pub(crate) const EVENT_TIMES_BACK: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM event e INDEXED BY by_event_time
    WHERE e.status = 'ACCEPTED'
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) >= (?1, ?2, unhex(?3))
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) < (?4, ?5, unhex(?6))
    ORDER BY e.event_seconds DESC, e.event_nanoseconds DESC, e.event_id DESC LIMIT ?7"
);

/// The later occurrences of the events from one place to another.
pub(crate) const EVENT_TIME_DUPLICATES: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM event e INDEXED BY by_event_time CROSS JOIN duplicate d ON d.event_id = e.event_id
    WHERE e.status = 'ACCEPTED'
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) >= (?1, ?2, unhex(?3))
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) < (?4, ?5, unhex(?6))
    ORDER BY e.event_seconds, e.event_nanoseconds, e.event_id, d.ingest_ms, d.receipt LIMIT ?7"
);

/// [`EVENT_TIME_DUPLICATES`], the latest first.
pub(crate) const EVENT_TIME_DUPLICATES_BACK: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM event e INDEXED BY by_event_time CROSS JOIN duplicate d ON d.event_id = e.event_id
    WHERE e.status = 'ACCEPTED'
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) >= (?1, ?2, unhex(?3))
      AND (e.event_seconds, e.event_nanoseconds, e.event_id) < (?4, ?5, unhex(?6))
    ORDER BY e.event_seconds DESC, e.event_nanoseconds DESC, e.event_id DESC,
        d.ingest_ms DESC, d.receipt DESC LIMIT ?7"
);

/// The later occurrences of an event before an arrival, the latest first.
pub(crate) const DUPLICATES_BACK: &str = concat!(
    "SELECT ",
    duplicate_columns!(),
    " FROM event e CROSS JOIN duplicate d ON d.event_id = e.event_id
    WHERE e.event_id = unhex(?1) AND (d.ingest_ms, d.receipt) < (?2, ?3)
    ORDER BY d.ingest_ms DESC, d.receipt DESC LIMIT ?4"
);

/// The events of a type between two days, behind a day, lag and id, each with how often and when it was repeated.
pub(crate) const TALLY: &str = "
    SELECT lower(hex(e.event_id)) AS event_id, e.event_day, e.event_seconds, e.ingest_ms, e.ingest_lag_ms,
        (SELECT count(*) FROM duplicate d WHERE d.event_id = e.event_id) AS duplicates,
        (SELECT min(d.ingest_ms) FROM duplicate d WHERE d.event_id = e.event_id) AS first_ms,
        (SELECT max(d.ingest_ms) FROM duplicate d WHERE d.event_id = e.event_id) AS last_ms
    FROM event e INDEXED BY by_lag
    WHERE e.status = 'ACCEPTED' AND e.source = ?1 AND e.event_type = ?2
      AND (e.event_day, e.ingest_lag_ms, e.event_id) > (?3, ?4, unhex(?5)) AND e.event_day <= ?6
    ORDER BY e.event_day, e.ingest_lag_ms, e.event_id LIMIT ?7";

/// The sources and types behind one of them. Each step seeks the next of the same source, and else the next source: as one
/// comparison of both, it would walk through all events of a source.
pub(crate) const STREAMS: &str = "
    WITH RECURSIVE found (event_id) AS (
        SELECT coalesce(
            (SELECT event_id FROM event INDEXED BY by_lag
             WHERE status = 'ACCEPTED' AND source = ?1 AND event_type > ?2 ORDER BY event_type LIMIT 1),
            (SELECT event_id FROM event INDEXED BY by_lag
             WHERE status = 'ACCEPTED' AND source > ?1 ORDER BY source, event_type LIMIT 1))
        UNION ALL
        SELECT coalesce(
            (SELECT event_id FROM event INDEXED BY by_lag
             WHERE status = 'ACCEPTED' AND source = here.source AND event_type > here.event_type
             ORDER BY event_type LIMIT 1),
            (SELECT event_id FROM event INDEXED BY by_lag
             WHERE status = 'ACCEPTED' AND source > here.source ORDER BY source, event_type LIMIT 1))
        FROM found CROSS JOIN event here ON here.event_id = found.event_id
        LIMIT ?3
    )
    SELECT e.source, e.event_type FROM found CROSS JOIN event e ON e.event_id = found.event_id";

/// The migrations, in their order.
#[cfg(test)]
pub(crate) const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/0001_records.sql"),
    include_str!("../migrations/0002_settled_arrivals.sql"),
    include_str!("../migrations/0003_rejections.sql"),
];

/// The index that a database may have or not.
#[cfg(test)]
pub(crate) const EVENT_TIME_INDEX: &str = include_str!("../optional/event_times.sql");

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const ALL: [&str; 20] = [
        CLAIM,
        FIND,
        FIND_MANY,
        COMMIT,
        RECORD_DUPLICATE,
        ENTITY,
        ENTITY_DUPLICATES,
        LAG,
        ARRIVALS,
        ARRIVAL_DUPLICATES,
        ARRIVALS_BACK,
        ARRIVAL_DUPLICATES_BACK,
        DUPLICATES,
        DUPLICATES_BACK,
        EVENT_TIMES,
        EVENT_TIMES_BACK,
        EVENT_TIME_DUPLICATES,
        EVENT_TIME_DUPLICATES_BACK,
        TALLY,
        STREAMS,
    ];

    fn migrated() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        connection.execute_batch(EVENT_TIME_INDEX).unwrap();
        connection
    }

    #[test]
    fn without_its_index_a_range_of_event_times_is_refused_and_scans_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        for statement in [EVENT_TIMES, EVENT_TIMES_BACK, EVENT_TIME_DUPLICATES, EVENT_TIME_DUPLICATES_BACK] {
            let refused = connection.prepare(statement).unwrap_err().to_string();
            assert!(refused.contains("no such index: by_event_time"), "{refused}");
        }
    }

    #[test]
    fn none_is_a_scan_or_sorts() {
        let connection = migrated();
        for statement in ALL {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let nulls = vec![rusqlite::types::Null; explained.parameter_count()];
            let steps = explained.query_map(rusqlite::params_from_iter(nulls), |row| row.get(3)).unwrap();
            let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().unwrap();
            println!("{steps:?}");
            let is_insert = statement.trim_start().starts_with("INSERT");
            assert_eq!(steps.is_empty(), is_insert, "{statement}");
            // How SQLite tells that a statement goes on from what it has found.
            let frame = [
                "CO-ROUTINE found",
                "SETUP",
                "SCAN CONSTANT ROW",
                "SCALAR SUBQUERY",
                "RECURSIVE STEP",
                "SCAN found",
                "SCAN wanted",
            ];
            for step in steps {
                let is_search = step.starts_with("SEARCH ") && step.contains(" USING ");
                let is_frame = step.starts_with("CORRELATED ") || frame.iter().any(|frame| step.starts_with(frame));
                assert!(is_search || is_frame, "{step}: {statement}");
            }
        }
    }

    #[test]
    fn streams_cost_the_same_however_many_events_they_have() {
        let connection = migrated();
        let mut claim = connection.prepare(CLAIM).unwrap();
        let mut number = 0;
        for source in ["a", "a\u{1f600}", "b"] {
            for event_type in ["t", "t t", "u"] {
                for _ in 0..if source == "a" { 500 } else { 1 } {
                    let id = format!("{number:064x}");
                    number += 1;
                    let row = rusqlite::params![id, source, event_type, "e", 0, 0, 0, 5, 1, "raw", 7, id, "r.0.0", 1];
                    claim.execute(row).unwrap();
                }
            }
        }
        connection.execute("INSERT INTO event SELECT randomblob(32), 'pending', 't', 'e', 0, 0, 0, 0, 0, 'PENDING', 'raw', 0, randomblob(32), 'r', 1, NULL", []).unwrap();
        connection.execute("UPDATE event SET status = 'ACCEPTED' WHERE source <> 'pending'", []).unwrap();
        let list = |source: &str, event_type: &str, count: i64| -> (Vec<(String, String)>, i32) {
            let mut statement = connection.prepare(STREAMS).unwrap();
            let rows =
                statement.query_map(rusqlite::params![source, event_type, count], |row| Ok((row.get(0)?, row.get(1)?)));
            let rows = rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap();
            (rows, statement.get_status(rusqlite::StatementStatus::VmStep))
        };
        let (all, steps) = list("", "", 100);
        assert_eq!(all.len(), 9, "{all:?}");
        assert!(all.is_sorted() && steps < 1_000, "{steps} steps: {all:?}");
        let (some, _) = list("a", "t t", 2);
        assert_eq!(some, [("a".to_owned(), "u".to_owned()), ("a\u{1f600}".to_owned(), "t".to_owned())]);
    }

    #[test]
    fn each_takes_its_parameters_in_order_and_within_the_limit_of_d1() {
        let connection = migrated();
        for statement in ALL {
            let count = connection.prepare(statement).unwrap().parameter_count();
            assert!((1..=100).contains(&count), "{statement}");
            for number in 1..=count {
                assert!(statement.contains(&format!("?{number}")), "?{number} is missing: {statement}");
            }
        }
    }

    #[test]
    fn rows_from_before_a_migration_stay_listed() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        let id = "59".repeat(32);
        connection
            .execute(CLAIM, rusqlite::params![id, "s", "t", "e", 0, 0, 0, 5, 1, "raw", 7, id, "r.0.0", 1])
            .unwrap();
        connection.execute("UPDATE event SET status = 'ACCEPTED'", []).unwrap();
        connection.execute("INSERT INTO duplicate VALUES (unhex(?1), 6, 'again.0.0')", [&id]).unwrap();
        connection.execute_batch(MIGRATIONS[1]).unwrap();
        let count = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
            let mut statement = connection.prepare(sql).unwrap();
            statement.query_map(parameters, |_| Ok(())).unwrap().count()
        };
        assert_eq!(count(ARRIVALS, &[&5, &"", &6, &10]), 1);
        assert_eq!(count(ARRIVAL_DUPLICATES, &[&6, &"", &"", &7, &10]), 1);
    }

    #[test]
    fn what_is_finished_later_is_listed_later() {
        let connection = migrated();
        let id = "59".repeat(32);
        connection
            .execute(CLAIM, rusqlite::params![id, "s", "t", "e", 0, 0, 0, 5, 1, "raw", 7, id, "r.0.0", 1])
            .unwrap();
        connection.execute(COMMIT, rusqlite::params![id, "r.1.0", 7, 90]).unwrap();
        connection.execute(RECORD_DUPLICATE, rusqlite::params![id, 6, "again.0.0", 91]).unwrap();
        let count = |from: i64, to: i64| {
            let mut firsts = connection.prepare(ARRIVALS).unwrap();
            let mut later = connection.prepare(ARRIVAL_DUPLICATES).unwrap();
            let firsts = firsts.query_map(rusqlite::params![from, "", to, 10], |_| Ok(())).unwrap().count();
            (firsts, later.query_map(rusqlite::params![from, "", "", to, 10], |_| Ok(())).unwrap().count())
        };
        assert_eq!((count(0, 90), count(90, 91), count(91, 92)), ((0, 0), (1, 0), (0, 1)));
    }

    #[test]
    fn what_must_never_happen_is_refused() {
        let connection = migrated();
        let id = "59".repeat(32);
        let claim = |size: i64| {
            connection
                .execute(CLAIM, rusqlite::params![id, "s", "t", "e", 0, 0, 0, 1.0, 1.0, "raw", size, id, "r.0.0", 1])
        };
        assert_eq!(claim(7).unwrap(), 1);
        assert_eq!(claim(8).unwrap(), 0);
        let refused = |statement: &str| {
            let error = connection.execute(statement, []).unwrap_err().to_string();
            assert!(error.contains("record"), "{statement}: {error}");
        };
        refused("DELETE FROM event");
        refused("UPDATE event SET status = 'ACCEPTED', ingest_ms = 2");
        refused("UPDATE event SET raw_size = 9");
        let commit =
            |receipt: &str| connection.execute(COMMIT, rusqlite::params![id, receipt, 9, Option::<i64>::None]).unwrap();
        assert_eq!((commit("mine.0.0"), commit("other.0.0")), (1, 0));
        refused("UPDATE event SET receipt = 'other.0.0'");
        refused("UPDATE event SET status = 'PENDING'");
        let again = || connection.execute(RECORD_DUPLICATE, rusqlite::params![id, 5, "again.0.0", 7]).unwrap();
        assert_eq!((again(), again()), (1, 0));
        refused("UPDATE duplicate SET ingest_ms = 6");
        refused("DELETE FROM duplicate");
    }
}
