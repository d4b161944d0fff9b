//! The store on the conformance suite's bench: what is seen of it through a connection of the test's own.

use anyhow::{Context, Result};
use bytes::Bytes;
use pik_conformance::Bench;
use pik_core::{EventId, EventTime, IngestTime, PayloadHash, RawKey, Receipt, Record, Status};
use pik_sqlite::{Options, SqliteStore};
use rusqlite::{Connection, OpenFlags, Row};
use tempfile::TempDir;

pub(crate) struct SqliteBench {
    store: Option<SqliteStore>,
    folder: TempDir,
}

const FIRST: &str = "
    SELECT seq, source, event_type, entity_id, event_seconds, event_nanoseconds, ingest_ms, payload_hash, raw, receipt,
           contract
    FROM event JOIN stream USING (stream) WHERE event_id = ?1";

impl SqliteBench {
    pub(crate) fn new() -> Result<Self> {
        let mut bench = Self { store: None, folder: TempDir::new()? };
        bench.open()?;
        Ok(bench)
    }

    fn open(&mut self) -> Result<()> {
        // What the first one has queued up is in the file before the next one looks.
        drop(self.store.take());
        self.store = Some(SqliteStore::open(self.folder.path().join("pik.sqlite"), Options::default())?);
        Ok(())
    }

    fn connection(&self) -> Result<Connection> {
        let path = self.folder.path().join("pik.sqlite");
        Ok(Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
    }

    /// The record and the raw object of each row that is the event's first occurrence, and where the row is.
    fn firsts(&self, id: &EventId) -> Result<Vec<(i64, Record, Vec<u8>)>> {
        let connection = self.connection()?;
        let mut statement = connection.prepare(FIRST)?;
        let read = |row: &Row<'_>| {
            let (source, event_type): (String, String) = (row.get(1)?, row.get(2)?);
            let event_time = EventTime::from_unix(row.get(4)?, row.get(5)?).ok_or(rusqlite::Error::InvalidQuery)?;
            let ingest_time = IngestTime::from_unix_ms(row.get(6)?).ok_or(rusqlite::Error::InvalidQuery)?;
            let raw: Vec<u8> = row.get(8)?;
            let record = Record {
                event_id: *id,
                entity_id: row.get(3)?,
                event_time,
                ingest_time,
                ingest_lag_ms: ingest_time.lag_ms(&event_time),
                finished_time: None,
                status: Status::Accepted,
                raw_bucket: "sqlite".to_owned(),
                raw_key: RawKey::of(&source, &event_type, &event_time, ingest_time, id),
                raw_size: raw.len() as u64,
                payload_hash: PayloadHash::from_bytes(row.get(7)?),
                receipt: Receipt::from_stored(row.get::<_, String>(9)?),
                contract: row.get(10)?,
                source,
                event_type,
            };
            Ok((row.get(0)?, record, raw))
        };
        Ok(statement.query_map([id.as_bytes()], read)?.collect::<rusqlite::Result<_>>()?)
    }
}

impl Bench for SqliteBench {
    type Store = SqliteStore;

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().expect("the store is open between two calls")
    }

    async fn objects(&self, id: &EventId) -> Result<Vec<(RawKey, Bytes)>> {
        Ok(self.firsts(id)?.into_iter().map(|(_, record, raw)| (record.raw_key, raw.into())).collect())
    }

    async fn records(&self, id: &EventId) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for (seq, first, _) in self.firsts(id)? {
            let connection = self.connection()?;
            let mut statement = connection.prepare("SELECT ingest_ms, receipt FROM duplicate WHERE first = ?1")?;
            let mut rows = statement.query([seq])?;
            while let Some(row) = rows.next()? {
                let ingest_time = IngestTime::from_unix_ms(row.get(0)?).context("no ingest time")?;
                records.push(Record {
                    ingest_time,
                    ingest_lag_ms: ingest_time.lag_ms(&first.event_time),
                    status: Status::Duplicate,
                    receipt: Receipt::from_stored(row.get::<_, String>(1)?),
                    ..first.clone()
                });
            }
            records.push(first);
        }
        Ok(records)
    }

    async fn reopen(&mut self) -> Result<()> {
        self.open()
    }
}
