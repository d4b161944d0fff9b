//! What a call to DynamoDB costs, by DynamoDB's rules, from what went through the proxy.

use pik_aws::{BY_ENTITY, BY_INGEST, BY_LAG, Index};
use serde_json::Value;

use crate::proxy::Exchange;

/// An item's size: names and strings as UTF-8, numbers a byte for two digits and one more.
pub(crate) fn size(item: &Value) -> usize {
    let value = |value: &Value| match (&value["S"], &value["N"]) {
        (Value::String(text), _) => text.len(),
        (_, Value::String(digits)) => {
            digits.trim_start_matches('-').len().div_ceil(2) + 1 + usize::from(digits.starts_with('-'))
        }
        _ => panic!("no record has {value}"),
    };
    item.as_object().unwrap().iter().map(|(name, content)| name.len() + value(content)).sum()
}

/// A write unit is a kilobyte begun.
pub(crate) fn write_units(item: &Value) -> usize {
    size(item).div_ceil(1024)
}

/// An item takes a write in each index whose two keys it has: all of it, as the indexes project all.
pub(crate) fn index_write_units(item: &Value) -> usize {
    [BY_ENTITY, BY_LAG, BY_INGEST].iter().filter(|index| is_in(index, item)).count() * write_units(item)
}

pub(crate) fn is_in(index: &Index, item: &Value) -> bool {
    item[index.partition].is_object() && item[index.sort].is_object()
}

/// What DynamoDB says a call cost, when it says so.
pub(crate) fn told(exchange: &Exchange) -> Option<f64> {
    exchange.answer["ConsumedCapacity"]["CapacityUnits"].as_f64()
}

/// The read units of a query: all items of its answer together, by 4 KiB begun; half as much unless it is strongly
/// consistent. A query that finds nothing is paid like one that finds something small. Items of which only some
/// attributes came count `whole` bytes each.
pub(crate) fn read_units(query: &Exchange, whole: usize) -> f64 {
    let items = query.answer["Items"].as_array().unwrap();
    let bytes: usize = match query.request["ProjectionExpression"] {
        Value::Null => items.iter().map(size).sum(),
        _ => query.answer["ScannedCount"].as_u64().unwrap() as usize * whole,
    };
    let units = bytes.div_ceil(4096).max(1) as f64;
    if query.request["ConsistentRead"] == Value::Bool(true) { units } else { units / 2.0 }
}
