//! Partitions of the table and its indexes, read in their order, side by side where there are several.

use std::cmp::Ordering;
use std::collections::VecDeque;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{Record, StoreError};

use crate::failure::store_error;
use crate::item::{self, Item};
use crate::on::On;

/// How many partitions one question reads at the same time.
pub(crate) const SIDE_BY_SIDE: usize = 32;

/// A key greater than this one and less than every other that is greater: what is behind it begins there.
pub(crate) fn behind(key: &str) -> String {
    format!("{key}\u{1}")
}

/// A key less than this one and greater than every other that is less, among keys of printable ASCII: what is before it ends
/// there.
pub(crate) fn before(key: &str) -> String {
    let mut before = key.to_owned();
    if let Some(last) = before.pop() {
        before.extend(char::from_u32(u32::from(last).saturating_sub(1)));
        before.push('\u{7f}');
    }
    before
}

/// Limits a query to one partition and the sort keys between two, both included; `None` when there are none between.
pub(crate) fn between(
    query: QueryFluentBuilder,
    partition: (&str, &str),
    sort: &str,
    low: AttributeValue,
    high: AttributeValue,
) -> QueryFluentBuilder {
    query
        .key_condition_expression("#partition = :partition AND #sort BETWEEN :low AND :high")
        .expression_attribute_names("#partition", partition.0)
        .expression_attribute_names("#sort", sort)
        .expression_attribute_values(":partition", item::text(partition.1))
        .expression_attribute_values(":low", low)
        .expression_attribute_values(":high", high)
}

/// A partition, read piece by piece.
pub(crate) struct Walk {
    query: QueryFluentBuilder,
    start: Option<Item>,
    found: VecDeque<Record>,
    ended: bool,
}

impl Walk {
    /// A walk along what the query selects, behind the item of the key `start` if there is one.
    pub(crate) fn new(query: QueryFluentBuilder, start: Option<Item>) -> Self {
        Self { query, start, found: VecDeque::new(), ended: false }
    }

    /// The next record, read `count` at a time.
    pub(crate) async fn next(&mut self, count: usize) -> Result<Option<Record>, StoreError> {
        self.fill(count).await?;
        Ok(self.found.pop_front())
    }

    fn needs_more(&self) -> bool {
        self.found.is_empty() && !self.ended
    }

    /// Has a record ready, unless there are no more.
    async fn fill(&mut self, count: usize) -> Result<(), StoreError> {
        while self.needs_more() {
            let limit = i32::try_from(count.max(1)).unwrap_or(i32::MAX);
            let query = self.query.clone().limit(limit).set_exclusive_start_key(self.start.take());
            let page = Box::pin(query.send()).await.map_err(|error| {
                store_error(
                    "query records",
                    On::Table(self.query.get_table_name().as_deref().unwrap_or_default()),
                    error,
                )
            })?;
            for found in page.items() {
                self.found.push_back(item::read(found)?);
            }
            self.ended = page.last_evaluated_key.is_none();
            self.start = page.last_evaluated_key;
        }
        Ok(())
    }
}

/// The first `count` records of several walks, each with its walk's number. Where `order` leaves two of different walks
/// equal, the earlier walk's comes first.
pub(crate) async fn merged(
    walks: &mut [Walk],
    count: usize,
    order: impl Fn(&Record, &Record) -> Ordering,
) -> Result<Vec<(usize, Record)>, StoreError> {
    // Ids are spread evenly, so each walk has about its share of the first ones.
    let piece = (count / walks.len().max(1) * 3 / 2 + 4).min(count);
    let mut records = Vec::new();
    while records.len() < count {
        let fills: Vec<_> = walks.iter_mut().filter(|walk| walk.needs_more()).map(|walk| walk.fill(piece)).collect();
        stream::iter(fills).buffer_unordered(SIDE_BY_SIDE).try_collect::<()>().await?;
        let heads = walks.iter().enumerate().filter_map(|(number, walk)| Some((number, walk.found.front()?)));
        let first = heads.min_by(|(_, one), (_, other)| order(one, other)).map(|(number, _)| number);
        let Some(number) = first else { break };
        records.extend(walks[number].found.pop_front().map(|record| (number, record)));
    }
    Ok(records)
}
