//! What happened in each hour or day, counted through whole days of a type.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{Bucket, EventTime, Outcome, StatsQuery, StoreError, Tally};

use crate::failure::store_error;
use crate::investigate::day_of_type;
use crate::on::On;
use crate::walk::SIDE_BY_SIDE;
use crate::{BY_LAG, DynamoLedger, item, schema};

const SECONDS_PER_DAY: i64 = 86_400;

impl DynamoLedger {
    /// The buckets of a query.
    pub(crate) async fn tallies(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        let mut tallies = vec![Tally::default(); query.buckets()];
        let first = query.start().unix_seconds().div_euclid(SECONDS_PER_DAY);
        let last = (query.end_seconds() - 1).div_euclid(SECONDS_PER_DAY);
        let days = (first..=last).filter_map(|day| EventTime::from_unix(day * SECONDS_PER_DAY, 0));
        let partitions = days.flat_map(|day| {
            let day = day_of_type(&query.source, &query.event_type, &day);
            self.shards().flat_map(move |shard| {
                [
                    (Outcome::Accepted, schema::lag_partition(&day, shard)),
                    (Outcome::Duplicate, schema::duplicates_partition(&day, shard)),
                ]
            })
        });
        let counted = partitions.map(|(outcome, partition)| self.count(query, outcome, partition));
        let mut counted = stream::iter(counted).buffer_unordered(SIDE_BY_SIDE);
        while let Some(counted) = counted.try_next().await? {
            for (place, tally) in counted {
                tallies[place].merge(&tally);
            }
        }
        Ok(query.answer(&tallies))
    }

    /// Counts one partition of `by_lag` to its end.
    async fn count(
        &self,
        query: &StatsQuery,
        outcome: Outcome,
        partition: String,
    ) -> Result<BTreeMap<usize, Tally>, StoreError> {
        let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
        let walk: QueryFluentBuilder = self
            .query(Some(&BY_LAG))
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", BY_LAG.partition)
            .expression_attribute_values(":partition", item::text(partition))
            // Whole records are read and paid for all the same, but not sent.
            .projection_expression("#event_time, #ingest_time, #ingest_lag_ms")
            .expression_attribute_names("#event_time", "event_time")
            .expression_attribute_names("#ingest_time", "ingest_time")
            .expression_attribute_names("#ingest_lag_ms", schema::INGEST_LAG_MS);
        let mut start = None;
        loop {
            let page = Box::pin(walk.clone().set_exclusive_start_key(start).send()).await;
            let page = page.map_err(|error| store_error("count records", On::Table(&self.table), error))?;
            for found in page.items() {
                let arrival = item::read_arrival(found)?;
                if let Some(place) = query.place_of(&arrival.event_time) {
                    tallies.entry(place).or_default().add(outcome, arrival.ingest_time, arrival.ingest_lag_ms);
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(tallies);
            }
        }
    }
}
