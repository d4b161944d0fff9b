//! The statements and rows of what was refused. Its tables stand apart from records and raw objects: rows are merged and removed, and nothing
//! that is true of an event is in them.

use pik_core::{
    BodyHash, EventTime, IngestTime, KeptBody, KeptError, Legible, RejectionKey, RejectionPlace, RejectionRecord,
};
use rusqlite::Row;
use rusqlite::types::Type;

/// Where a record is, and whether its body is missing.
pub(crate) const FIND: &str = "SELECT rowid, body IS NULL FROM rejection WHERE key = ?1";

/// Adds a record.
pub(crate) const INSERT: &str = "
    INSERT INTO rejection (key, first_ms, last_ms, count, size, request_id, place, errors, length, sha256, source,
        event_type, entity_id, event_time, token, user_agent, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

/// Takes a later one into a record.
pub(crate) const MERGE: &str = "
    UPDATE rejection SET count = count + ?2, last_ms = max(last_ms, ?3), size = size + ?4, body = coalesce(body, ?5)
    WHERE rowid = ?1";

/// How many records there are, and how much they take.
pub(crate) const TOTALS: &str = "SELECT count(*), ifnull(sum(size), 0) FROM rejection";

/// The record that was not seen for the longest time.
pub(crate) const LONGEST_UNSEEN: &str =
    "SELECT rowid, last_ms, size FROM rejection INDEXED BY rejection_by_last ORDER BY last_ms, key LIMIT 1";

pub(crate) const REMOVE: &str = "DELETE FROM rejection WHERE rowid = ?1";

/// Adds to a count that is there.
pub(crate) const ADD: &str = "
    UPDATE rejected_hourly SET count = count + ?5, unrecorded = unrecorded + ?6
    WHERE hour = ?1 AND source = ?2 AND event_type = ?3 AND code = ?4";

/// Begins a count.
pub(crate) const BEGIN: &str = "INSERT INTO rejected_hourly VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// Whether a stream is one that its hour tells apart.
pub(crate) const KNOWN: &str =
    "SELECT 1 FROM rejected_hourly WHERE hour = ?1 AND source = ?2 AND event_type = ?3 LIMIT 1";

/// How many streams an hour tells apart.
pub(crate) const STREAMS_OF_HOUR: &str =
    "SELECT count(*) FROM (SELECT DISTINCT source, event_type FROM rejected_hourly WHERE hour = ?1)";

/// Adds to what was refused of a stream.
pub(crate) const ADD_TO_STREAM: &str = "
    UPDATE rejected_stream SET count = count + ?3, last_ms = max(last_ms, ?4) WHERE source = ?1 AND event_type = ?2";

/// Begins the count of a stream, unless there are ?5 already.
pub(crate) const BEGIN_STREAM: &str = "
    INSERT INTO rejected_stream SELECT ?1, ?2, ?3, ?4, ?4 WHERE (SELECT count(*) FROM rejected_stream) < ?5";

/// The records behind a place, newest first.
pub(crate) const PAGE: &str = "
    SELECT first_ms, last_ms, count, request_id, place, errors, length, sha256, source, event_type, entity_id, event_time,
        token, user_agent, body
    FROM rejection INDEXED BY rejection_by_first
    WHERE (first_ms, key) < (?1, ?2) AND first_ms < ?3 AND last_ms >= ?4 AND (?5 IS NULL OR source = ?5)
        AND (?6 IS NULL OR instr(errors, ?6) > 0)
    ORDER BY first_ms DESC, key DESC LIMIT ?7";

/// Counts by hour and code.
pub(crate) const HOURS: &str = "
    SELECT hour, code, sum(count), sum(unrecorded) FROM rejected_hourly
    WHERE hour BETWEEN ?1 AND ?2 AND (?3 IS NULL OR source = ?3) AND (?4 IS NULL OR event_type = ?4)
    GROUP BY hour, code";

/// Streams behind one.
pub(crate) const STREAMS: &str = "
    SELECT source, event_type, count, first_ms, last_ms FROM rejected_stream
    WHERE (source, event_type) > (?1, ?2) ORDER BY source, event_type LIMIT ?3";

/// The errors of a record as its row has them.
pub(crate) fn errors_text(errors: &[KeptError]) -> String {
    serde_json::to_string(errors).expect("codes and paths are strings")
}

/// What the errors of a record with this code have in their row, and no others: quotation marks of paths are escaped.
pub(crate) fn code_pattern(code: pik_core::Code) -> String {
    format!("{{\"code\":\"{code}\",")
}

/// A time in a row.
pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<IngestTime> {
    IngestTime::from_unix_ms(row.get(column)?).ok_or_else(|| unusable(column, Type::Integer))
}

/// A column that was not written by this software.
pub(crate) fn unusable(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, "not written by this software".into())
}

/// A row of [`PAGE`].
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<RejectionRecord> {
    let errors: String = row.get(5)?;
    let event_time: Option<String> = row.get(11)?;
    let event_time = event_time.map(|text| text.parse::<EventTime>()).transpose();
    let body: Option<Vec<u8>> = row.get(14)?;
    Ok(RejectionRecord {
        first_time: time(row, 0)?,
        last_time: time(row, 1)?,
        count: row.get::<_, i64>(2)?.unsigned_abs(),
        request_id: row.get(3)?,
        index: row.get::<_, Option<i64>>(4)?.map(i64::unsigned_abs),
        errors: serde_json::from_str(&errors).map_err(|_| unusable(5, Type::Text))?,
        length: row.get::<_, i64>(6)?.unsigned_abs(),
        sha256: BodyHash::from_bytes(row.get(7)?),
        legible: Legible {
            source: row.get(8)?,
            event_type: row.get(9)?,
            entity_id: row.get(10)?,
            event_time: event_time.map_err(|_| unusable(11, Type::Text))?,
        },
        token: row.get(12)?,
        user_agent: row.get(13)?,
        body: body.map(|body| KeptBody::of(&body)),
    })
}

/// The place before all records.
pub(crate) fn before_all() -> (i64, Vec<u8>) {
    (i64::MAX, Vec::new())
}

/// A place as [`PAGE`] takes it.
pub(crate) fn place(RejectionPlace { first_time, key }: RejectionPlace) -> (i64, Vec<u8>) {
    (first_time.unix_ms(), RejectionKey::as_bytes(&key).to_vec())
}
