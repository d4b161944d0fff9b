//! Records as rows, and rows as records.

use bytes::Bytes;
use pik_core::{CONTRACT, EventId, EventTime, IngestTime, PayloadHash, RawKey, Receipt, Record, Status, Submission};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use crate::db::checksum::{self, EventRow};
use crate::db::sql;

/// What records name as the bucket of their raw object.
pub(crate) const RAW_BUCKET: &str = "sqlite";

pub(crate) const INSERT_EVENT: &str = "INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
pub(crate) const INSERT_DUPLICATE: &str = "INSERT INTO duplicate VALUES (?1, ?2, ?3, ?4, ?5)";

pub(crate) const SELECT_RAW: &str = "SELECT raw FROM event WHERE seq = ?1 AND event_id = ?2";

pub(crate) const SELECT_RECORD: &str = "
    SELECT source, event_type, event_seconds, event_nanoseconds, ingest_ms, event_id, payload_hash, entity_id, receipt,
           contract, length(raw)
    FROM event JOIN stream USING (stream) WHERE seq = ?1";

/// Appends a first occurrence.
pub(crate) fn insert_event(
    statement: &mut Statement<'_>,
    seq: i64,
    stream: i64,
    submission: &Submission,
) -> rusqlite::Result<()> {
    statement.execute(params![
        seq,
        stream,
        submission.event_time.unix_seconds(),
        submission.event_time.subsecond_nanoseconds(),
        submission.ingest_time.unix_ms(),
        submission.event_id.as_bytes(),
        submission.payload_hash.as_bytes(),
        submission.entity_id,
        submission.receipt.as_str(),
        CONTRACT,
        &submission.raw[..],
        EventRow::of(seq, stream, submission).checksum(),
    ])?;
    Ok(())
}

/// Appends a later occurrence.
pub(crate) fn insert_duplicate(
    statement: &mut Statement<'_>,
    seq: i64,
    first: i64,
    submission: &Submission,
) -> rusqlite::Result<()> {
    let (ingest_time, receipt) = (submission.ingest_time, submission.receipt.as_str());
    let checksum = checksum::of_duplicate(seq, first, ingest_time, receipt);
    statement.execute(params![seq, first, ingest_time.unix_ms(), receipt, checksum])?;
    Ok(())
}

/// The record of the first occurrence at `seq`.
pub(crate) fn record(connection: &Connection, seq: i64) -> rusqlite::Result<Option<Record>> {
    connection.prepare_cached(SELECT_RECORD)?.query_row([seq], read_record).optional()
}

/// The raw object at `seq`, if that is the event's.
pub(crate) fn raw(connection: &Connection, seq: i64, id: &EventId) -> rusqlite::Result<Option<Bytes>> {
    connection
        .prepare_cached(SELECT_RAW)?
        .query_row(params![seq, id.as_bytes()], |row| row.get(0).map(Vec::into))
        .optional()
}

/// The number of a source and type, if there are events of it.
pub(crate) fn stream(connection: &Connection, source: &str, event_type: &str) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached(sql::STREAM)?.query_row([source, event_type], |row| row.get(0)).optional()
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let source: String = row.get(0)?;
    let event_type: String = row.get(1)?;
    let event_time = read_event_time(row, 2)?;
    let ingest_time = read_ingest_time(row, 4)?;
    let event_id = EventId::from_bytes(row.get(5)?);
    Ok(Record {
        event_id,
        entity_id: row.get(7)?,
        event_time,
        ingest_time,
        ingest_lag_ms: ingest_time.lag_ms(&event_time),
        finished_time: None,
        status: Status::Accepted,
        raw_bucket: RAW_BUCKET.to_owned(),
        raw_key: RawKey::of(&source, &event_type, &event_time, ingest_time, &event_id),
        raw_size: row.get::<_, i64>(10)?.unsigned_abs(),
        payload_hash: PayloadHash::from_bytes(row.get(6)?),
        receipt: Receipt::from_stored(row.get::<_, String>(8)?),
        contract: row.get(9)?,
        source,
        event_type,
    })
}

/// The event time in a column and the next.
pub(crate) fn read_event_time(row: &Row<'_>, column: usize) -> rusqlite::Result<EventTime> {
    EventTime::from_unix(row.get(column)?, row.get(column + 1)?).ok_or_else(|| out_of_range(column))
}

/// The ingest time in a column.
pub(crate) fn read_ingest_time(row: &Row<'_>, column: usize) -> rusqlite::Result<IngestTime> {
    let milliseconds: i64 = row.get(column)?;
    IngestTime::from_unix_ms(milliseconds).ok_or_else(|| out_of_range(column))
}

fn out_of_range(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, "a time outside the years 0001 to 9999".into())
}
