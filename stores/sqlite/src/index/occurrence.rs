//! What the indexes know of an occurrence.

use pik_core::{EventId, EventTime, IngestTime, Outcome, Submission};
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use crate::db::rows;

const SECONDS_PER_DAY: i64 = 86_400;

/// First or later occurrence of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one with the raw object.
    First,
    /// One of those after it.
    Later {
        /// Where the first is.
        first: i64,
    },
}

impl Kind {
    /// The kind as indexes have it.
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::First => 0,
            Self::Later { .. } => 1,
        }
    }

    /// What was answered.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::First => Outcome::Accepted,
            Self::Later { .. } => Outcome::Duplicate,
        }
    }
}

/// An occurrence, reduced to integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) seq: i64,
    pub(crate) kind: Kind,
    pub(crate) stream: i64,
    pub(crate) event_time: EventTime,
    pub(crate) ingest_time: IngestTime,
    pub(crate) id_prefix: i64,
    pub(crate) entity_prefix: i64,
}

impl Occurrence {
    /// The occurrence of `record` stored at `seq`.
    pub(crate) fn new(seq: i64, kind: Kind, stream: i64, submission: &Submission) -> Self {
        Self {
            seq,
            kind,
            stream,
            event_time: submission.event_time,
            ingest_time: submission.ingest_time,
            id_prefix: id_prefix(&submission.event_id),
            entity_prefix: entity_prefix(&submission.entity_id),
        }
    }

    /// Every occurrence behind `from` up to `to`, as stored.
    pub(crate) fn between(
        connection: &Connection,
        from: i64,
        to: i64,
        mut each: impl FnMut(Self),
    ) -> rusqlite::Result<()> {
        const FIRST: &str = "
            SELECT seq, stream, event_seconds, event_nanoseconds, ingest_ms, event_id, entity_id
            FROM event WHERE seq > ?1 AND seq <= ?2";
        const LATER: &str = "
            SELECT d.seq, e.stream, e.event_seconds, e.event_nanoseconds, d.ingest_ms, e.event_id, e.entity_id, d.first
            FROM duplicate d CROSS JOIN event e ON e.seq = d.first WHERE d.seq > ?1 AND d.seq <= ?2";
        let mut statement = connection.prepare_cached(FIRST)?;
        let mut found = statement.query([from, to])?;
        while let Some(row) = found.next()? {
            each(Self::read(row, Kind::First)?);
        }
        let mut statement = connection.prepare_cached(LATER)?;
        let mut found = statement.query([from, to])?;
        while let Some(row) = found.next()? {
            each(Self::read(row, Kind::Later { first: row.get(7)? })?);
        }
        Ok(())
    }

    fn read(row: &Row<'_>, kind: Kind) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            kind,
            stream: row.get(1)?,
            event_time: rows::read_event_time(row, 2)?,
            ingest_time: rows::read_ingest_time(row, 4)?,
            id_prefix: prefix(&row.get(5)?),
            entity_prefix: entity_prefix(row.get_ref(6)?.as_str()?),
        })
    }

    /// The day of the event time, in days since 1970-01-01.
    pub(crate) const fn event_day(&self) -> i64 {
        self.event_time.unix_seconds().div_euclid(SECONDS_PER_DAY)
    }

    /// How late it arrived.
    pub(crate) fn lag_ms(&self) -> i64 {
        self.ingest_time.lag_ms(&self.event_time)
    }
}

/// The first six bytes of an id, as an integer that sorts as they do.
pub(crate) fn id_prefix(id: &EventId) -> i64 {
    prefix(id.as_bytes())
}

/// The twelve digits that an id with this prefix starts with.
pub(crate) fn id_prefix_digits(id_prefix: i64) -> String {
    let [a, rest @ .., _, _] = (id_prefix << 16).to_be_bytes();
    [a ^ 0x80].iter().chain(&rest).map(|byte| format!("{byte:02x}")).collect()
}

/// The first six bytes of an entity's hash.
pub(crate) fn entity_prefix(entity_id: &str) -> i64 {
    prefix(&Sha256::digest(entity_id).into())
}

// Six bytes are one of the sizes in which SQLite stores integers, and enough to tell nearly all rows apart.
fn prefix(hash: &[u8; 32]) -> i64 {
    let [a, b, c, d, e, f, ..] = *hash;
    // Big-endian bytes sort as an unsigned number; flipping the top bit keeps that order among SQLite's signed ones.
    i64::from_be_bytes([a ^ 0x80, b, c, d, e, f, 0, 0]) >> 16
}
