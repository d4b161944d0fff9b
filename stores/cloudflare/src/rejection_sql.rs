//! The statements about evidence of refused events.

/// Begins a record, or merges into it. ?19 is how much a body takes that was not kept before.
pub(crate) const KEEP: &str = "
    INSERT INTO rejection (key, first_ms, last_ms, count, size, request_id, place, errors, length, sha256, source,
        event_type, entity_id, event_time, token, user_agent, body, body_hex)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
    ON CONFLICT (key) DO UPDATE SET
        count = count + excluded.count,
        last_ms = max(last_ms, excluded.last_ms),
        size = size + iif(body IS NULL AND body_hex IS NULL, ?19, 0),
        body = iif(body IS NULL AND body_hex IS NULL, excluded.body, body),
        body_hex = iif(body IS NULL AND body_hex IS NULL, excluded.body_hex, body_hex)";

/// Adds to a count. A stream beyond the first ?7 of its hour is counted without its names.
pub(crate) const COUNT: &str = "
    INSERT INTO rejected_hourly
    SELECT ?1, iif(apart, ?2, ''), iif(apart, ?3, ''), ?4, ?5, ?6 FROM (
        SELECT EXISTS (SELECT 1 FROM rejected_hourly WHERE hour = ?1 AND source = ?2 AND event_type = ?3)
            OR (SELECT count(*) FROM (SELECT DISTINCT source, event_type FROM rejected_hourly WHERE hour = ?1)) < ?7
            AS apart
    ) WHERE true
    ON CONFLICT (hour, source, event_type, code) DO UPDATE SET
        count = count + excluded.count,
        unrecorded = unrecorded + excluded.unrecorded";

/// Adds to what was refused of a stream, of which at most ?5 are listed.
pub(crate) const COUNT_STREAM: &str = "
    INSERT INTO rejected_stream
    SELECT ?1, ?2, ?3, ?4, ?4
    WHERE EXISTS (SELECT 1 FROM rejected_stream WHERE source = ?1 AND event_type = ?2)
        OR (SELECT count(*) FROM rejected_stream) < ?5
    ON CONFLICT (source, event_type) DO UPDATE SET
        count = count + excluded.count,
        last_ms = max(last_ms, excluded.last_ms)";

/// How many records there are, how much they take, and when the longest unseen one was seen.
pub(crate) const TOTAL: &str = "
    SELECT records, bytes, (SELECT min(last_ms) FROM rejection) AS oldest_ms FROM rejection_total";

/// The longest unseen records.
pub(crate) const LONGEST_UNSEEN: &str =
    "SELECT last_ms, size FROM rejection INDEXED BY rejection_by_last ORDER BY last_ms, key LIMIT ?1";

/// Removes as many of them.
pub(crate) const REMOVE: &str = "
    DELETE FROM rejection WHERE key IN
        (SELECT key FROM rejection INDEXED BY rejection_by_last ORDER BY last_ms, key LIMIT ?1)";

/// The records behind a place, newest first.
pub(crate) const PAGE: &str = "
    SELECT first_ms, last_ms, count, request_id, place, errors, length, sha256, source, event_type, entity_id, event_time,
        token, user_agent, body, body_hex
    FROM rejection INDEXED BY rejection_by_first
    WHERE (first_ms, key) < (?1, ?2) AND first_ms < ?3 AND last_ms >= ?4 AND (?5 IS NULL OR source = ?5)
        AND (?6 IS NULL OR instr(errors, ?6) > 0)
    ORDER BY first_ms DESC, key DESC LIMIT ?7";

/// Counts by hour and code.
pub(crate) const HOURS: &str = "
    SELECT hour, code, sum(count) AS count, sum(unrecorded) AS unrecorded FROM rejected_hourly
    WHERE hour BETWEEN ?1 AND ?2 AND (?3 IS NULL OR source = ?3) AND (?4 IS NULL OR event_type = ?4)
    GROUP BY hour, code";

/// Streams behind one.
pub(crate) const STREAMS: &str = "
    SELECT source, event_type, count, first_ms, last_ms FROM rejected_stream
    WHERE (source, event_type) > (?1, ?2) ORDER BY source, event_type LIMIT ?3";

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params};

    use super::*;
    use crate::sql::MIGRATIONS;

    fn migrated() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        connection
    }

    fn keep(connection: &Connection, key: &str, times: (i64, i64), count: i64, body: Option<&str>) {
        let none = Option::<String>::None;
        let (size, more) = (100 + body.map_or(0, str::len) as i64, body.map_or(0, str::len) as i64);
        let row = params![
            key,
            times.0,
            times.1,
            count,
            size,
            "r",
            0,
            "[{\"code\":\"empty\",\"path\":\"\"}]",
            5,
            "00",
            "s",
            "t",
            "e",
            none,
            none,
            none,
            body,
            none,
            more
        ];
        connection.execute(KEEP, row).unwrap();
    }

    fn totals(connection: &Connection) -> (i64, i64, Option<i64>) {
        connection.query_row(TOTAL, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    }

    #[test]
    fn records_merge_and_their_sum_follows() {
        let connection = migrated();
        keep(&connection, "a", (10, 10), 1, None);
        keep(&connection, "b", (20, 20), 1, None);
        keep(&connection, "a", (30, 5), 2, Some("xyz"));
        keep(&connection, "a", (30, 50), 1, Some("other"));
        assert_eq!(totals(&connection), (2, 203, Some(20)));
        let row =
            connection.query_row("SELECT first_ms, last_ms, count, body FROM rejection WHERE key = 'a'", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            });
        assert_eq!(row, Ok((10, 50, 4, "xyz".to_owned())));
        let page = |code: &str| {
            let mut statement = connection.prepare(PAGE).unwrap();
            let rows = statement.query_map(params![1_i64 << 53, "", 100, 0, "s", code, 10], |row| row.get::<_, i64>(0));
            rows.unwrap().collect::<rusqlite::Result<Vec<_>>>().unwrap()
        };
        assert_eq!((page("{\"code\":\"empty\","), page("{\"code\":\"too_deep\",")), (vec![20, 10], vec![]));
        connection.execute(REMOVE, [1]).unwrap();
        assert_eq!(totals(&connection), (1, 103, Some(50)));
    }

    #[test]
    fn an_hour_tells_so_many_streams_apart_and_counts_all() {
        let connection = migrated();
        for number in 0..50 {
            let row = params![7, format!("s{number:02}"), "", "empty", 1, 0, 20];
            connection.execute(COUNT, row).unwrap();
        }
        connection.execute(COUNT, params![7, "s00", "", "empty", 1, 1, 20]).unwrap();
        let count = |source: Option<&str>| -> Vec<(i64, i64)> {
            let mut statement = connection.prepare(HOURS).unwrap();
            let none = Option::<String>::None;
            let rows = statement.query_map(params![7, 7, source, none], |row| Ok((row.get(2)?, row.get(3)?))).unwrap();
            rows.collect::<rusqlite::Result<_>>().unwrap()
        };
        assert_eq!((count(None), count(Some("s00")), count(Some("s49"))), (vec![(51, 1)], vec![(2, 1)], vec![]));
        for (event_type, now) in [("t0", 7), ("t1", 7), ("t2", 7), ("t3", 7), ("t0", 9)] {
            connection.execute(COUNT_STREAM, params!["s", event_type, 2, now, 3]).unwrap();
        }
        let mut statement = connection.prepare(STREAMS).unwrap();
        let rows =
            statement.query_map(params!["", "", 10], |row| Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
        let streams: Vec<(String, i64, i64, i64)> = rows.unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let expected = [("t0", 4, 7, 9), ("t1", 2, 7, 7), ("t2", 2, 7, 7)];
        assert_eq!(streams, expected.map(|(name, count, first, last)| (name.to_owned(), count, first, last)));
    }
}
