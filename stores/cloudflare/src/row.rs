//! Rows of the tables as records, and back.

use pik_core::{EventId, EventTime, IngestTime, PayloadHash, RawKey, Receipt, Record, Status, StoreError};
use serde::Deserialize;

use crate::database::Parameter;

const SECONDS_PER_DAY: i64 = 86_400;

/// A row of `event`, with what a later occurrence has of its own where it is about one.
#[derive(Debug, Deserialize)]
pub(crate) struct EventRow {
    event_id: String,
    source: String,
    event_type: String,
    entity_id: String,
    event_seconds: i64,
    event_nanoseconds: u32,
    ingest_ms: i64,
    finished_ms: Option<i64>,
    status: String,
    raw_bucket: String,
    raw_size: u64,
    payload_hash: String,
    receipt: String,
    contract: u8,
    #[serde(default)]
    duplicate_ingest_ms: Option<i64>,
    #[serde(default)]
    duplicate_finished_ms: Option<i64>,
    #[serde(default)]
    duplicate_receipt: Option<String>,
}

impl EventRow {
    /// The record, whose lag and key follow from the rest.
    pub(crate) fn record(self) -> Result<Record, StoreError> {
        let unusable = |column: &str| {
            StoreError::Internal(format!(
                "the row of event {} has no usable `{column}`; it was not written by this software",
                self.event_id
            ))
        };
        let event_id: EventId = self.event_id.parse().map_err(|_| unusable("event_id"))?;
        let event_time = EventTime::from_unix(self.event_seconds, self.event_nanoseconds);
        let event_time = event_time.ok_or_else(|| unusable("event_seconds"))?;
        let first_time = IngestTime::from_unix_ms(self.ingest_ms).ok_or_else(|| unusable("ingest_ms"))?;
        let first_status = Status::from_stored(&self.status).ok_or_else(|| unusable("status"))?;
        let payload_hash: PayloadHash = self.payload_hash.parse().map_err(|_| unusable("payload_hash"))?;
        let (ingest_time, finished_ms, status, receipt) = match (self.duplicate_ingest_ms, &self.duplicate_receipt) {
            (Some(ms), Some(receipt)) => {
                let time = IngestTime::from_unix_ms(ms).ok_or_else(|| unusable("duplicate_ingest_ms"))?;
                (time, self.duplicate_finished_ms, Status::Duplicate, receipt.clone())
            }
            (None, None) => (first_time, self.finished_ms, first_status, self.receipt),
            (Some(_), None) | (None, Some(_)) => return Err(unusable("duplicate_receipt")),
        };
        let finished_time = match finished_ms {
            Some(ms) => Some(IngestTime::from_unix_ms(ms).ok_or_else(|| unusable("finished_ms"))?),
            None => None,
        };
        Ok(Record {
            event_id,
            raw_key: RawKey::of(&self.source, &self.event_type, &event_time, first_time, &event_id),
            source: self.source,
            event_type: self.event_type,
            entity_id: self.entity_id,
            event_time,
            ingest_time,
            ingest_lag_ms: ingest_time.lag_ms(&event_time),
            finished_time,
            status,
            raw_bucket: self.raw_bucket,
            raw_size: self.raw_size,
            payload_hash,
            receipt: Receipt::from_stored(receipt),
            contract: self.contract,
        })
    }
}

/// The UTC day that a time lies in, counted from 1970.
pub(crate) fn day_of(time: &EventTime) -> i64 {
    time.unix_seconds().div_euclid(SECONDS_PER_DAY)
}

/// The parameters of [`sql::CLAIM`](crate::sql::CLAIM).
pub(crate) fn claim(record: &Record) -> Result<Vec<Parameter>, StoreError> {
    Ok(vec![
        record.event_id.to_string().into(),
        record.source.as_str().into(),
        record.event_type.as_str().into(),
        record.entity_id.as_str().into(),
        day_of(&record.event_time).into(),
        record.event_time.unix_seconds().into(),
        i64::from(record.event_time.subsecond_nanoseconds()).into(),
        record.ingest_time.unix_ms().into(),
        record.ingest_lag_ms.into(),
        record.raw_bucket.as_str().into(),
        size(record)?.into(),
        record.payload_hash.to_string().into(),
        record.receipt.as_str().into(),
        i64::from(record.contract).into(),
    ])
}

/// The size of a raw object, as a number that a statement takes.
pub(crate) fn size(record: &Record) -> Result<i64, StoreError> {
    i64::try_from(record.raw_size).map_err(|_| StoreError::Internal("a raw object is larger than any can be".into()))
}

#[cfg(test)]
mod tests {
    use pik_core::{Event, Submission};
    use rusqlite::Connection;
    use rusqlite::types::{ToSqlOutput, Value};

    use super::*;
    use crate::sql;

    impl rusqlite::ToSql for Parameter {
        fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
            Ok(ToSqlOutput::Owned(match self {
                // As D1 has it.
                Self::Number(number) => Value::Real(*number as f64),
                Self::Text(text) => Value::Text(text.clone()),
                Self::Null => Value::Null,
            }))
        }
    }

    fn found(row: &rusqlite::Row<'_>) -> rusqlite::Result<EventRow> {
        Ok(EventRow {
            event_id: row.get("event_id")?,
            source: row.get("source")?,
            event_type: row.get("event_type")?,
            entity_id: row.get("entity_id")?,
            event_seconds: row.get("event_seconds")?,
            event_nanoseconds: row.get("event_nanoseconds")?,
            ingest_ms: row.get("ingest_ms")?,
            finished_ms: row.get("finished_ms")?,
            status: row.get("status")?,
            raw_bucket: row.get("raw_bucket")?,
            raw_size: row.get::<_, u32>("raw_size")?.into(),
            payload_hash: row.get("payload_hash")?,
            receipt: row.get("receipt")?,
            contract: row.get("contract")?,
            duplicate_ingest_ms: None,
            duplicate_finished_ms: None,
            duplicate_receipt: None,
        })
    }

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let connection = Connection::open_in_memory().unwrap();
        sql::MIGRATIONS.iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        let (first, last) = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z");
        for (event_time, ingest_time) in [
            (first, "9999-12-31T23:59:59.999Z"),
            (last, "0001-01-01T00:00:00.000Z"),
            ("1969-12-31T23:59:59.5Z", "2025-12-29T20:15:35.580Z"),
        ] {
            let body = format!(
                r#"{{"source":"a/b é","event_type":"t","entity_id":"\ud83d\ude00'","event_time":"{event_time}","payload":1}}"#
            );
            let event = Event::parse(body.as_bytes()).unwrap();
            let receipt = Receipt::new("r", 7, 0);
            let record = Submission::new(&event, ingest_time.parse().unwrap(), receipt).claim("raw");
            let changed = connection.execute(sql::CLAIM, rusqlite::params_from_iter(claim(&record).unwrap())).unwrap();
            assert_eq!(changed, 1);
            let id = record.event_id.to_string();
            let read = connection.query_row(sql::FIND, [&id], found).unwrap();
            assert_eq!(read.record().unwrap(), record);
        }
    }

    /// The README tells these numbers, and reckons with them.
    #[test]
    fn an_event_takes_some_400_bytes_and_a_duplicate_some_220() {
        const EVENTS: u64 = 5_000;
        let connection = Connection::open_in_memory().unwrap();
        sql::MIGRATIONS.iter().for_each(|migration| connection.execute_batch(migration).unwrap());
        let bytes = || -> u64 {
            let pages: u64 =
                connection.pragma_query_value(None, "page_count", |row| row.get::<_, u32>(0)).unwrap().into();
            pages * 4096
        };
        let empty = bytes();
        let mut ids = Vec::new();
        for number in 0..EVENTS {
            let body = format!(
                r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_{}","event_time":"2025-12-28T23:59:59Z","payload":{number}}}"#,
                number % 100
            );
            let event = Event::parse(body.as_bytes()).unwrap();
            let receipt = Receipt::new("35edbd9304fe7e015fcfed061bd2abfe", number, 0);
            let arrived = "2025-12-29T20:15:35.580Z".parse().unwrap();
            let record = Submission::new(&event, arrived, receipt.clone()).claim("pik-raw");
            connection.execute(sql::CLAIM, rusqlite::params_from_iter(claim(&record).unwrap())).unwrap();
            let id = record.event_id.to_string();
            connection.execute(sql::COMMIT, rusqlite::params![id, receipt.as_str(), 124, Option::<i64>::None]).unwrap();
            ids.push((id, receipt));
        }
        let with_events = bytes();
        for (id, receipt) in &ids {
            let parameters = rusqlite::params![id, 1_767_039_335_580_i64, receipt.as_str(), Option::<i64>::None];
            connection.execute(sql::RECORD_DUPLICATE, parameters).unwrap();
        }
        let (event, duplicate) = ((with_events - empty) / EVENTS, (bytes() - with_events) / EVENTS);
        println!("{event} bytes an event, {duplicate} a duplicate");
        assert!((370..=430).contains(&event) && (190..=250).contains(&duplicate), "{event} and {duplicate}");
    }

    #[test]
    fn days_begin_at_midnight_before_1970_too() {
        let day = |time: &str| day_of(&time.parse().unwrap());
        assert_eq!(day("1969-12-31T23:59:59.999999999Z"), -1);
        assert_eq!(day("1970-01-01T00:00:00Z"), 0);
        assert_eq!(day("1969-12-31T00:00:00Z"), -1);
        assert_eq!(day("1969-12-30T23:59:59Z"), -2);
    }
}
