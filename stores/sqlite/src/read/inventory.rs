//! What a verification reads: records and raw objects are rows of one table here, so little can be amiss between them.

use bytes::Bytes;
use pik_core::{
    Commit, EventId, Filed, IngestTime, Inventory, Page, Position, RawKey, Receipt, Record, Status, StoreError,
};

use crate::SqliteStore;
use crate::db::rows;
use crate::read::reader::Reader;

/// Rows that are read at once; they block no other reader or writer.
const ROWS: i64 = 500;

/// Prefixes of a place among the records: first come the events, then the duplicates.
const EVENTS: &str = "event ";
const DUPLICATES: &str = "duplicate ";

impl Inventory for SqliteStore {
    async fn records(&self, from: Option<&Position>) -> Result<Page<Filed>, StoreError> {
        let first = Position::new(format!("{EVENTS}0"));
        let from = from.unwrap_or(&first).as_str();
        if let Some(after) = from.strip_prefix(EVENTS).and_then(|seq| seq.parse().ok()) {
            let (items, last) = self.ask(move |reader| reader.events_after(after, ROWS)).await?;
            let next = last.map_or_else(|| format!("{DUPLICATES}0"), |seq| format!("{EVENTS}{seq}"));
            return Ok(Page { items, next: Some(Position::new(next)) });
        }
        let after = from.strip_prefix(DUPLICATES).and_then(|seq| seq.parse().ok());
        let after = after.ok_or_else(|| StoreError::Internal(format!("`{from}` is no place among the records")))?;
        let (items, last) = self.ask(move |reader| reader.duplicates_after(after, ROWS)).await?;
        Ok(Page { items, next: last.map(|seq| Position::new(format!("{DUPLICATES}{seq}"))) })
    }

    async fn objects(&self, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        let after = from.and_then(|seq| seq.as_str().parse().ok()).unwrap_or(0);
        let (records, last) = self.ask(move |reader| reader.events_after(after, ROWS)).await?;
        // A row that cannot be read has no key either; it was told among the records.
        let keys = records.into_iter().flatten().map(|record| record.raw_key.into_string());
        Ok(Page { items: keys.collect(), next: last.map(|seq| Position::new(seq.to_string())) })
    }

    async fn firsts(&self, ids: &[EventId]) -> Result<Vec<Option<Filed>>, StoreError> {
        let ids = ids.to_vec();
        self.ask(move |reader| ids.iter().map(|id| Ok(reader.find(id)?.map(Ok))).collect()).await
    }

    async fn sizes(&self, keys: &[RawKey]) -> Result<Vec<Option<u64>>, StoreError> {
        Ok(self.contents(keys).await?.into_iter().map(|raw| raw.map(|raw| raw.len() as u64)).collect())
    }

    async fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let ids: Vec<EventId> = keys.iter().map(|key| key.partition().event_id).collect();
        self.ask(move |reader| reader.raw_many(&ids)).await
    }

    async fn finish(&self, record: &Record) -> Result<Commit, StoreError> {
        // One transaction writes everything, so nothing is ever PENDING.
        debug_assert_eq!(record.status, Status::Accepted);
        Ok(Commit::Already(record.receipt.clone()))
    }
}

impl Reader {
    /// First occurrences behind `after`, and where the last of them stands; `None` when there are no more.
    fn events_after(&self, after: i64, rows: i64) -> rusqlite::Result<(Vec<Filed>, Option<i64>)> {
        let mut statement =
            self.connection.prepare_cached("SELECT seq FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
        let seqs: Vec<i64> = statement.query_map([after, rows], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let filed = seqs.iter().map(|seq| self.filed(*seq)).collect();
        Ok((filed, seqs.last().copied()))
    }

    /// Later occurrences behind `after`, likewise.
    fn duplicates_after(&self, after: i64, rows: i64) -> rusqlite::Result<(Vec<Filed>, Option<i64>)> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, first, ingest_ms, receipt FROM duplicate WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?;
        let mut found = statement.query([after, rows])?;
        let (mut filed, mut last) = (Vec::new(), None);
        while let Some(row) = found.next()? {
            let (seq, first, ingest_ms): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let receipt = Receipt::from_stored(row.get::<_, String>(3)?);
            let time = IngestTime::from_unix_ms(ingest_ms).ok_or_else(|| format!("duplicate {seq}: no ingest time"));
            filed.push(time.and_then(|ingest_time| {
                let first = self.filed(first)?;
                let ingest_lag_ms = ingest_time.lag_ms(&first.event_time);
                Ok(Record { status: Status::Duplicate, ingest_time, ingest_lag_ms, receipt, ..first })
            }));
            last = Some(seq);
        }
        Ok((filed, last))
    }

    fn filed(&self, seq: i64) -> Filed {
        match rows::record(&self.connection, seq) {
            Ok(Some(record)) => Ok(record),
            Ok(None) => Err(format!("row {seq} is missing")),
            Err(error) => Err(format!("row {seq}: {error}")),
        }
    }
}
