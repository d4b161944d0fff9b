//! The keys by which occurrences are found.

use rusqlite::Connection;

use crate::index::hourly::Hourly;
use crate::index::occurrence::{Kind, Occurrence};
use crate::index::settle;
use crate::index::sweep::{Index, Layout, Pace, Sweep};

/// First occurrences by the start of their id: what decides between first and later.
const BY_ID: Layout<2> = Layout {
    name: "by_id",
    table: settle::BY_ID.recent,
    key: |at| match at.kind {
        Kind::First => Some([at.id_prefix, at.seq]),
        Kind::Later { .. } => None,
    },
};

/// Later occurrences by the first.
const BY_FIRST: Layout<2> = Layout {
    name: "by_first",
    table: "by_first",
    key: |at| match at.kind {
        Kind::First => None,
        Kind::Later { first } => Some([first, at.seq]),
    },
};

/// One entity through time.
const BY_ENTITY: Layout<6> = Layout {
    name: "by_entity",
    table: settle::BY_ENTITY.recent,
    key: |at| {
        let (seconds, nanoseconds) = (at.event_time.unix_seconds(), at.event_time.subsecond_nanoseconds());
        Some([at.entity_prefix, at.kind.number(), seconds, i64::from(nanoseconds), at.id_prefix, at.seq])
    },
};

/// The first occurrences of a type and day, the latest arrivals first.
const BY_LAG: Layout<4> = Layout {
    name: "by_lag",
    table: settle::BY_LAG.recent,
    key: |at| match at.kind {
        Kind::First => Some([at.stream, at.event_day(), -at.lag_ms(), at.seq]),
        Kind::Later { .. } => None,
    },
};

/// What arrived in a window.
const BY_INGEST: Layout<3> = Layout {
    name: "by_ingest",
    table: "by_ingest",
    key: |at| Some([at.kind.number(), at.ingest_time.unix_ms(), at.seq]),
};

/// All indexes. The writer changes them, readers look at what waits in them.
pub(crate) struct Indexes {
    by_id: Index<2>,
    by_first: Index<2>,
    by_entity: Index<6>,
    by_lag: Index<4>,
    by_ingest: Index<3>,
    hourly: Hourly,
    last_seq: i64,
}

impl Indexes {
    /// The indexes as the file has them, and the keys that are missing there waiting again.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let last_seq = connection.query_row(
            "SELECT max((SELECT ifnull(max(seq), 0) FROM event), (SELECT ifnull(max(seq), 0) FROM duplicate))",
            [],
            |row| row.get(0),
        )?;
        let mut indexes = Self {
            by_id: Index::load(connection, &BY_ID)?,
            by_first: Index::load(connection, &BY_FIRST)?,
            by_entity: Index::load(connection, &BY_ENTITY)?,
            by_lag: Index::load(connection, &BY_LAG)?,
            by_ingest: Index::load(connection, &BY_INGEST)?,
            hourly: Hourly::load(connection)?,
            last_seq,
        };
        let complete_to = indexes.all().iter().map(|index| index.complete_to()).min().unwrap_or(0);
        Occurrence::after(connection, complete_to, |occurrence| indexes.add(&occurrence))?;
        Ok(indexes)
    }

    fn all(&self) -> [&dyn Sweep; 6] {
        [&self.by_id, &self.by_first, &self.by_entity, &self.by_lag, &self.by_ingest, &self.hourly]
    }

    fn all_mut(&mut self) -> [&mut dyn Sweep; 6] {
        [
            &mut self.by_id,
            &mut self.by_first,
            &mut self.by_entity,
            &mut self.by_lag,
            &mut self.by_ingest,
            &mut self.hourly,
        ]
    }

    pub(crate) fn by_first(&self) -> &Index<2> {
        &self.by_first
    }

    pub(crate) fn by_entity(&self) -> &Index<6> {
        &self.by_entity
    }

    pub(crate) fn by_lag(&self) -> &Index<4> {
        &self.by_lag
    }

    pub(crate) fn by_ingest(&self) -> &Index<3> {
        &self.by_ingest
    }

    pub(crate) fn hourly(&self) -> &Hourly {
        &self.hourly
    }

    /// The last occurrence there is.
    pub(crate) fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// How many keys are being written by id, by entity and by lag.
    pub(crate) fn slices(&self) -> [usize; 3] {
        [self.by_id.slice(), self.by_entity.slice(), self.by_lag.slice()]
    }

    /// First occurrences that the tables by id may not have yet and whose ids start like that.
    pub(crate) fn recent(&self, id_prefix: i64) -> impl Iterator<Item = i64> {
        self.by_id.waiting([id_prefix, i64::MIN]..=[id_prefix, i64::MAX]).map(|[_, seq]| *seq)
    }

    /// The starts of the ids that the tables by id may not have yet.
    pub(crate) fn recent_ids(&self) -> impl Iterator<Item = i64> {
        self.by_id.waiting([i64::MIN; 2]..=[i64::MAX; 2]).map(|[id_prefix, _]| *id_prefix)
    }

    /// Adds a committed occurrence.
    pub(crate) fn add(&mut self, occurrence: &Occurrence) {
        self.by_id.add(occurrence);
        self.by_first.add(occurrence);
        self.by_entity.add(occurrence);
        self.by_lag.add(occurrence);
        self.by_ingest.add(occurrence);
        self.hourly.add(occurrence);
        self.last_seq = self.last_seq.max(occurrence.seq);
    }

    /// Picks what to move into the tables; false when nothing is due.
    pub(crate) fn begin(&mut self, pace: Pace) -> bool {
        let last_seq = self.last_seq;
        let mut due = false;
        for (number, index) in self.all_mut().into_iter().enumerate() {
            // Not all in one transaction: that would be a slow commit among many fast ones.
            let stagger = if pace.collect == 0 { 0 } else { number * pace.slice / 6 };
            due |= index.begin(Pace { collect: pace.collect + stagger, ..pace }, last_seq);
        }
        due
    }

    /// Writes it, within the transaction that is open.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.all().into_iter().try_for_each(|index| index.write(connection))
    }

    /// The transaction is through.
    pub(crate) fn committed(&mut self) {
        self.all_mut().into_iter().for_each(Sweep::committed);
    }

    /// The transaction is lost.
    pub(crate) fn abandoned(&mut self) {
        self.all_mut().into_iter().for_each(Sweep::abandoned);
    }
}
