//! The keys by which occurrences are found.

use pik_core::{EventId, Record};
use rusqlite::{Connection, Statement};
use sha2::{Digest, Sha256};

const SECONDS_PER_DAY: i64 = 86_400;

/// First or later occurrence, as the indexes tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    First,
    Later { first: i64 },
}

impl Kind {
    fn number(self) -> i64 {
        match self {
            Self::First => 0,
            Self::Later { .. } => 1,
        }
    }
}

/// The first eight bytes of an id, as an integer that sorts as they do.
pub(crate) fn id_prefix(id: &EventId) -> i64 {
    prefix(id.as_bytes())
}

/// The first eight bytes of an entity's hash.
pub(crate) fn entity_prefix(entity_id: &str) -> i64 {
    prefix(&Sha256::digest(entity_id).into())
}

fn prefix(hash: &[u8; 32]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    // Big-endian bytes sort as an unsigned number; flipping the top bit carries that order over to SQLite's signed ones.
    i64::from_be_bytes([a ^ 0x80, b, c, d, e, f, g, h])
}

/// The statements that add an occurrence to the indexes.
pub(crate) struct Indexes<'c> {
    by_id: Statement<'c>,
    by_first: Statement<'c>,
    by_entity: Statement<'c>,
    by_lag: Statement<'c>,
    by_ingest: Statement<'c>,
}

impl<'c> Indexes<'c> {
    pub(crate) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            by_id: connection.prepare("INSERT INTO by_id VALUES (?1, ?2)")?,
            by_first: connection.prepare("INSERT INTO by_first VALUES (?1, ?2)")?,
            by_entity: connection.prepare("INSERT INTO by_entity VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?,
            by_lag: connection.prepare("INSERT INTO by_lag VALUES (?1, ?2, ?3, ?4, ?5)")?,
            by_ingest: connection.prepare("INSERT INTO by_ingest VALUES (?1, ?2, ?3)")?,
        })
    }

    /// Adds the occurrence at `seq`.
    pub(crate) fn insert(&mut self, seq: i64, kind: Kind, stream: i64, record: &Record) -> rusqlite::Result<()> {
        let id = id_prefix(&record.event_id);
        match kind {
            Kind::First => self.by_id.execute([id, seq])?,
            Kind::Later { first } => self.by_first.execute([first, seq])?,
        };
        let kind = kind.number();
        let seconds = record.event_time.unix_seconds();
        let nanoseconds = i64::from(record.event_time.subsecond_nanoseconds());
        self.by_entity.execute([entity_prefix(&record.entity_id), kind, seconds, nanoseconds, id, seq])?;
        self.by_lag.execute([stream, seconds.div_euclid(SECONDS_PER_DAY), kind, -record.ingest_lag_ms, seq])?;
        self.by_ingest.execute([kind, record.ingest_time.unix_ms(), seq])?;
        Ok(())
    }
}

/// The first occurrences whose id starts with these eight bytes: hardly ever more than one.
pub(crate) fn candidates(connection: &Connection, id: &EventId) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached("SELECT seq FROM by_id WHERE id_prefix = ?1 ORDER BY seq")?
        .query_map([id_prefix(id)], |row| row.get(0))?
        .collect()
}
