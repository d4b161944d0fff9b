//! Where pages begin, as text that only this store understands.

use pik_core::{EventId, EventTime, IngestTime, Outcome, Place, Position, Record};

use crate::walk::{before, behind};
use crate::{item, schema};

/// No receipt is longer, and DynamoDB refuses keys of over 1,024 bytes.
const RECEIPT_BYTES: usize = 256;

/// The record that a position names.
pub(crate) fn place(position: &Position) -> Option<Place> {
    Place::read(position).filter(|place| place.receipt.as_str().len() <= RECEIPT_BYTES)
}

/// Where a page of arrivals begins.
pub(crate) enum ArrivalStart {
    /// Behind a record that was shown or looked at.
    Behind(Place),
    /// At a time: up to there nothing was found.
    From(IngestTime),
}

impl ArrivalStart {
    pub(crate) fn read(position: &Position) -> Option<Self> {
        match position.as_str().strip_prefix("from ") {
            Some(time) => time.parse().ok().map(Self::From),
            None => place(position).map(Self::Behind),
        }
    }

    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Behind(place) => place.position(),
            Self::From(time) => Position::new(format!("from {time}")),
        }
    }

    /// Where a walk to earlier times goes on: the last millisecond, and the greatest key in the index.
    pub(crate) fn end(&self) -> (i64, String) {
        match self {
            Self::Behind(place) => {
                let receipt = (place.status == Outcome::Duplicate).then_some(&place.receipt);
                let key = schema::ingest_order(&place.listed_time, &place.event_id, receipt);
                (place.listed_time.unix_ms(), before(&key))
            }
            Self::From(time) => (time.unix_ms() - 1, time.to_string()),
        }
    }

    /// The time, and the least key in the index.
    pub(crate) fn start(&self) -> (IngestTime, String) {
        match self {
            Self::Behind(place) => {
                let receipt = (place.status == Outcome::Duplicate).then_some(&place.receipt);
                let key = schema::ingest_order(&place.listed_time, &place.event_id, receipt);
                (place.listed_time, behind(&key))
            }
            Self::From(time) => (*time, time.to_string()),
        }
    }
}

/// Where a page by event time begins.
pub(crate) enum EventStart {
    /// Behind a record that was shown or looked at.
    Behind(Place),
    /// With a day: up to there nothing was found.
    Day(EventTime),
}

impl EventStart {
    pub(crate) fn read(position: &Position) -> Option<Self> {
        match position.as_str().strip_prefix("day ") {
            Some(day) => day.parse().ok().map(Self::Day),
            None => place(position).map(Self::Behind),
        }
    }

    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Behind(place) => place.position(),
            Self::Day(day) => Position::new(format!("day {day}")),
        }
    }
}

/// Where a page by lag ended. The shard is told, not computed: it was another one before there were more of them.
pub(crate) struct LagPlace {
    pub(crate) lag_ms: i64,
    pub(crate) shard: u16,
    event_id: EventId,
}

impl LagPlace {
    pub(crate) fn of(shard: u16, record: &Record) -> Self {
        Self { lag_ms: record.ingest_lag_ms, shard, event_id: record.event_id }
    }

    pub(crate) fn read(position: &Position) -> Option<Self> {
        let mut parts = position.as_str().split(' ');
        let place = Self {
            lag_ms: parts.next()?.parse().ok()?,
            shard: parts.next()?.parse().ok()?,
            event_id: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }

    pub(crate) fn position(&self) -> Position {
        Position::new(format!("{} {} {}", self.lag_ms, self.shard, self.event_id))
    }

    /// The keys of the item there, in the table and in the index.
    pub(crate) fn key(&self, partition: &str) -> item::Item {
        let mut key = item::event_key(&self.event_id);
        key.insert(schema::LAG_PARTITION.to_owned(), item::text(partition));
        key.insert(schema::INGEST_LAG_MS.to_owned(), item::number(self.lag_ms));
        key
    }
}
