//! The table: its keys, its indexes, and what is written into them.
//!
//! | | partition | sort | written |
//! |---|---|---|---|
//! | table | `event_id` | `kind`: `EVENT` or `DUPLICATE#{ingest_time}#{receipt}` | always |
//! | streams, in the table | `event_id`: `STREAMS` | `kind`: source and type | once by each host |
//! | `by_entity` | `entity_id` | `entity_order`: event time at a fixed width `#` half of event_id | at commit |
//! | `by_lag` | `lag_partition`: `{source}/{event_type}/{event date}#{shard}`, `#D{shard}` for a duplicate | `ingest_lag_ms` | at commit, and with a duplicate |
//! | `by_ingest` | `ingest_partition`: `{date}#{shard}` | `ingest_order`: time `#` half of event_id, `#` receipt for a duplicate | at commit, and with a duplicate |
//! | `by_event_time`, if the table has it | `lag_partition` | `entity_order` | at commit |
//!
//! Date and time in `by_ingest` are those of the record's `listed_time`: of `finished_time` where an item has that
//! attribute, else of `ingest_time`. Items from before that attribute existed are where they belong.
//!
//! An item is in an index only when it has both attributes, so a claim, which has none of the four beside the
//! record's own, costs one write.
//!
//! These four say what the record says already, and each of up to four copies of an item is paid for by the kilobyte
//! begun, so they are short: an event with names of usual lengths stays within one. Half an id is 128 bits of a hash:
//! two events that share them cannot be found, and a place in an order does not have to be unique.
//!
//! The longest each can be, where DynamoDB takes 2,048 bytes of partition key and 1,024 of sort key: `entity_id`
//! 1,024, `lag_partition` 500, `kind` and `ingest_order` under 300.

use std::num::NonZeroU16;

use pik_core::{EventId, EventTime, IngestTime, RawKey, Receipt, Record, Status};

pub(crate) const EVENT_ID: &str = "event_id";
pub(crate) const KIND: &str = "kind";
pub(crate) const EVENT: &str = "EVENT";
/// What the sort keys of duplicates begin with.
pub(crate) const DUPLICATE: &str = "DUPLICATE#";
pub(crate) const ENTITY_ID: &str = "entity_id";
pub(crate) const ENTITY_ORDER: &str = "entity_order";
pub(crate) const LAG_PARTITION: &str = "lag_partition";
pub(crate) const INGEST_LAG_MS: &str = "ingest_lag_ms";
pub(crate) const FINISHED_TIME: &str = "finished_time";
pub(crate) const INGEST_PARTITION: &str = "ingest_partition";
pub(crate) const INGEST_ORDER: &str = "ingest_order";

/// A global secondary index. All project whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// The attribute that is its partition key, a string.
    pub partition: &'static str,
    /// The attribute that is its sort key.
    pub sort: &'static str,
    /// Whether the sort key is a number.
    pub numeric: bool,
}

/// One entity through time.
pub const BY_ENTITY: Index = Index { name: "by_entity", partition: ENTITY_ID, sort: ENTITY_ORDER, numeric: false };

/// The arrivals of a type and day by their lag, duplicates apart.
pub const BY_LAG: Index = Index { name: "by_lag", partition: LAG_PARTITION, sort: INGEST_LAG_MS, numeric: true };

/// What arrived, duplicates included.
pub const BY_INGEST: Index =
    Index { name: "by_ingest", partition: INGEST_PARTITION, sort: INGEST_ORDER, numeric: false };

/// The events of a type and day by their time, without duplicates. A table may have it or not: its two attributes are there
/// for the others.
pub const BY_EVENT_TIME: Index =
    Index { name: "by_event_time", partition: LAG_PARTITION, sort: ENTITY_ORDER, numeric: false };

/// The indexes that every table has.
pub(crate) const INDEXES: [Index; 3] = [BY_ENTITY, BY_LAG, BY_INGEST];

/// The sort key of a record in the table.
pub(crate) fn kind(record: &Record) -> String {
    match record.status {
        Status::Pending | Status::Accepted => EVENT.to_owned(),
        Status::Duplicate => duplicate_kind(&record.ingest_time, &record.receipt),
    }
}

/// The attributes that put a record into its indexes.
pub(crate) fn index_attributes(record: &Record, shards: NonZeroU16) -> Vec<(&'static str, String)> {
    let shard = shard(&record.event_id, shards);
    let listed = record.listed_time();
    let arrival = (INGEST_PARTITION, ingest_partition(&listed, shard));
    let day = &day_of_type(&record.raw_key);
    match record.status {
        Status::Pending => Vec::new(),
        Status::Duplicate => vec![
            (LAG_PARTITION, duplicates_partition(day, shard)),
            arrival,
            (INGEST_ORDER, ingest_order(&listed, &record.event_id, Some(&record.receipt))),
        ],
        Status::Accepted => vec![
            (ENTITY_ORDER, entity_order(&record.event_time, &record.event_id)),
            (LAG_PARTITION, lag_partition(day, shard)),
            arrival,
            (INGEST_ORDER, ingest_order(&listed, &record.event_id, None)),
        ],
    }
}

/// Source, type and date of an event, escaped as they stand in the raw object's key: none has a slash in it.
pub(crate) fn day_of_type(key: &RawKey) -> String {
    // INVARIANT: a RawKey is `raw/source=…/event_type=…/event_date=…/…`.
    let values =
        key.as_str().split('/').skip(1).take(3).map(|segment| segment.split_once('=').map_or("", |(_, value)| value));
    values.collect::<Vec<_>>().join("/")
}

/// The first occurrences of a type and day in one shard.
pub(crate) fn lag_partition(day_of_type: &str, shard: u16) -> String {
    format!("{day_of_type}#{shard}")
}

/// The later occurrences of a type and day in one shard.
pub(crate) fn duplicates_partition(day_of_type: &str, shard: u16) -> String {
    format!("{day_of_type}#D{shard}")
}

/// What arrived on one day in one shard.
pub(crate) fn ingest_partition(ingest_time: &IngestTime, shard: u16) -> String {
    format!("{}#{shard}", ingest_time.date())
}

/// An event's place in the time of its entity, and of its type.
pub(crate) fn entity_order(event_time: &EventTime, id: &EventId) -> String {
    format!("{}#{}", event_time.sort_key(), half(id))
}

/// An occurrence's place among arrivals; a duplicate has a receipt.
pub(crate) fn ingest_order(ingest_time: &IngestTime, id: &EventId, receipt: Option<&Receipt>) -> String {
    match receipt {
        None => format!("{ingest_time}#{}", half(id)),
        Some(receipt) => format!("{ingest_time}#{}#{receipt}", half(id)),
    }
}

/// The first half of an id.
fn half(id: &EventId) -> String {
    let mut half = id.to_string();
    half.truncate(32);
    half
}

/// A duplicate's sort key in the table.
pub(crate) fn duplicate_kind(ingest_time: &IngestTime, receipt: &Receipt) -> String {
    format!("{DUPLICATE}{ingest_time}#{receipt}")
}

/// An id is a hash, so two of its bytes spread evenly.
fn shard(id: &EventId, shards: NonZeroU16) -> u16 {
    let [high, low, ..] = *id.as_bytes();
    u16::from_be_bytes([high, low]) % shards
}
