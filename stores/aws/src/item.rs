//! A record as DynamoDB keeps it: one attribute a member, strings and numbers.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use pik_core::{EventId, EventTime, IngestTime, Receipt, Record, Status, StoreError};

use crate::schema;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The whole item of a record, keys and index attributes included.
pub(crate) fn write(record: &Record, shards: NonZeroU16) -> Item {
    // Taken apart, so that a new member cannot be forgotten here.
    let Record {
        event_id,
        source,
        event_type,
        entity_id,
        event_time,
        ingest_time,
        ingest_lag_ms,
        finished_time,
        status,
        raw_bucket,
        raw_key,
        raw_size,
        payload_hash,
        receipt,
        contract,
    } = record;
    let mut item = Item::from(
        [
            (schema::EVENT_ID, text(event_id)),
            (schema::KIND, text(schema::kind(record))),
            ("source", text(source)),
            ("event_type", text(event_type)),
            (schema::ENTITY_ID, text(entity_id)),
            ("event_time", text(event_time)),
            ("ingest_time", text(ingest_time)),
            (schema::INGEST_LAG_MS, number(ingest_lag_ms)),
            ("status", text(status.as_str())),
            ("raw_bucket", text(raw_bucket)),
            ("raw_key", text(raw_key)),
            ("raw_size", number(raw_size)),
            ("payload_hash", text(payload_hash)),
            ("receipt", text(receipt)),
            ("contract", number(contract)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    if let Some(time) = finished_time {
        item.insert(schema::FINISHED_TIME.to_owned(), text(time));
    }
    for (name, value) in schema::index_attributes(record, shards) {
        item.insert(name.to_owned(), AttributeValue::S(value));
    }
    item
}

/// The record of an item.
pub(crate) fn read(item: &Item) -> Result<Record, StoreError> {
    Ok(Record {
        event_id: parsed(item, schema::EVENT_ID)?,
        source: string(item, "source")?.to_owned(),
        event_type: string(item, "event_type")?.to_owned(),
        entity_id: string(item, schema::ENTITY_ID)?.to_owned(),
        event_time: parsed(item, "event_time")?,
        ingest_time: parsed(item, "ingest_time")?,
        ingest_lag_ms: numeric(item, schema::INGEST_LAG_MS)?,
        finished_time: item
            .contains_key(schema::FINISHED_TIME)
            .then(|| parsed(item, schema::FINISHED_TIME))
            .transpose()?,
        status: Status::from_stored(string(item, "status")?).ok_or_else(|| corrupt(item, "status"))?,
        raw_bucket: string(item, "raw_bucket")?.to_owned(),
        raw_key: parsed(item, "raw_key")?,
        raw_size: numeric(item, "raw_size")?,
        payload_hash: parsed(item, "payload_hash")?,
        receipt: Receipt::from_stored(string(item, "receipt")?),
        contract: numeric(item, "contract")?,
    })
}

/// When an occurrence happened and arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) event_time: EventTime,
    pub(crate) ingest_time: IngestTime,
    pub(crate) ingest_lag_ms: i64,
}

/// The times of an item that has nothing else.
pub(crate) fn read_arrival(item: &Item) -> Result<Arrival, StoreError> {
    Ok(Arrival {
        event_time: parsed(item, "event_time")?,
        ingest_time: parsed(item, "ingest_time")?,
        ingest_lag_ms: numeric(item, schema::INGEST_LAG_MS)?,
    })
}

/// The key of an event's first occurrence.
pub(crate) fn event_key(id: &EventId) -> Item {
    Item::from([(schema::EVENT_ID.to_owned(), text(id)), (schema::KIND.to_owned(), text(schema::EVENT))])
}

pub(crate) fn text(value: impl fmt::Display) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(crate) fn number(value: impl fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn string<'a>(item: &'a Item, name: &str) -> Result<&'a str, StoreError> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or_else(|| corrupt(item, name))
}

pub(crate) fn parsed<T: FromStr>(item: &Item, name: &str) -> Result<T, StoreError> {
    string(item, name)?.parse().map_err(|_| corrupt(item, name))
}

pub(crate) fn numeric<T: FromStr>(item: &Item, name: &str) -> Result<T, StoreError> {
    let digits = item.get(name).and_then(|value| value.as_n().ok());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| corrupt(item, name))
}

pub(crate) fn corrupt(item: &Item, name: &str) -> StoreError {
    let key = |name| item.get(name).and_then(|value| value.as_s().ok()).map_or("?", String::as_str);
    StoreError::Internal(format!(
        "the item {} / {} has no usable `{name}`; it was not written by this software",
        key(schema::EVENT_ID),
        key(schema::KIND),
    ))
}
