//! Answers to investigators.
//!
//! Indexes of DynamoDB follow the table within a second, as a rule: what was answered just now may be missing from all
//! but the duplicates of one event. A read unit is 4 KiB, or 8 KiB from an index; every query is at least half of one.
//! With records of 1 KiB and S shards:
//!
//! | question | read | read units of a page of n |
//! |---|---|---|
//! | by entity | `by_entity`, then the duplicates of each event in the table | n / 8 + n / 2; n / 8 for ACCEPTED alone |
//! | by lag | S partitions of `by_lag`, merged | about n / 5, at least S / 2 |
//! | by arrival | S partitions of `by_ingest` for each day of the window until the page is full, merged | about n / 5, and S / 2 for each day |
//! | duplicates of an event | the table, strongly consistent | n / 4 |
//! | stats | 2 S partitions of `by_lag` for each day, to their ends | S for each day, and 1 for 8 occurrences |
//!
//! DUPLICATE alone by entity reads on through all events of the entity until the page is full. A duplicate is not in
//! `by_entity`: with its fourth index write it would cost five write units.

use std::num::NonZeroU16;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{
    Bucket, EventId, EventTime, IngestTime, Investigate, Outcome, Place, Position, Query, QueryError, RawKey, Record,
    Records, StatsQuery, StoreError,
};

use crate::walk::{SIDE_BY_SIDE, Walk, behind, between, merged};
use crate::{AwsStore, BY_ENTITY, BY_INGEST, BY_LAG, Index, item, schema};

const MS_PER_DAY: i64 = 86_400_000;

/// Of an entity whose DUPLICATE records alone are asked for, so many events are looked at in one go.
const EVENTS: usize = 100;

/// No receipt is longer, and DynamoDB refuses keys of over 1,024 bytes.
const RECEIPT_BYTES: usize = 256;

impl Investigate for AwsStore {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Records, QueryError> {
        let limit = limit.max(1);
        if let Query::Lag { source, event_type, event_date, min_lag_ms } = query {
            let day = day_of_type(source, event_type, event_date);
            return self.by_lag(&day, *min_lag_ms, after, limit).await;
        }
        let after = after.map(|position| place(position).ok_or(QueryError::Position)).transpose()?;
        let mut records = match query {
            Query::Entity { entity_id, from, to, status } => {
                let times = (from.as_ref(), to.as_ref());
                self.by_entity(query, entity_id, times, *status, after.as_ref(), limit + 1).await?
            }
            Query::Arrivals { from, to, .. } => self.by_arrival(query, (*from, *to), after.as_ref(), limit + 1).await?,
            Query::Duplicates { event_id } => self.duplicates(event_id, after.as_ref(), true, limit + 1).await?,
            Query::Lag { .. } => Vec::new(),
        };
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|record| Place::of(record).position()) } else { None };
        Ok(Records { records, next })
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.tallies(query).await
    }
}

fn place(position: &Position) -> Option<Place> {
    Place::read(position).filter(|place| place.receipt.as_str().len() <= RECEIPT_BYTES)
}

/// `source=…/event_type=…/event_date=…` of a type and day.
pub(crate) fn day_of_type(source: &str, event_type: &str, day: &EventTime) -> String {
    // The rest of the key is cut off.
    let (any_time, any_id) = (IngestTime::from_unix_ms(0), EventId::from_bytes([0; 32]));
    let key = any_time.map(|time| RawKey::of(source, event_type, day, time, &any_id));
    key.as_ref().map(schema::day_of_type).unwrap_or_default().to_owned()
}

impl AwsStore {
    pub(crate) fn query(&self, index: Option<&Index>) -> QueryFluentBuilder {
        let query = self.clients.dynamodb.query().table_name(&self.settings.table);
        query.set_index_name(index.map(|index| index.name.to_owned()))
    }

    pub(crate) fn shards(&self) -> impl Iterator<Item = u16> + use<> {
        0..NonZeroU16::get(self.settings.shards)
    }

    async fn by_entity(
        &self,
        query: &Query,
        entity_id: &str,
        (from, to): (Option<&EventTime>, Option<&EventTime>),
        status: Option<Outcome>,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let mut records = Vec::new();
        if let Some(place) = after
            && status != Some(Outcome::Accepted)
        {
            records.extend(self.duplicates(&place.event_id, Some(place), false, count).await?);
        }
        // A time alone sorts before every key that begins with it; every key begins with a digit.
        let start = from.map_or_else(|| "0".to_owned(), |from| from.sort_key().as_str().to_owned());
        let low = after.map(|place| behind(&schema::entity_order(&place.event_time, &place.event_id)));
        let low = low.map_or(start.clone(), |low| low.max(start));
        let high = to.map_or_else(|| ":".to_owned(), |to| to.sort_key().as_str().to_owned());
        if low <= high {
            let partition = (BY_ENTITY.partition, entity_id);
            let range =
                between(self.query(Some(&BY_ENTITY)), partition, BY_ENTITY.sort, item::text(low), item::text(high));
            let mut events = Walk::new(range, None);
            while records.len() < count {
                let piece = if status == Some(Outcome::Duplicate) { EVENTS } else { count - records.len() };
                let mut firsts = Vec::new();
                while firsts.len() < piece
                    && let Some(first) = events.next(piece - firsts.len()).await?
                {
                    firsts.push(first);
                }
                if firsts.is_empty() {
                    break;
                }
                self.with_duplicates(firsts, status, count, &mut records).await?;
            }
        }
        records.retain(|record| query.asks_for(record));
        records.truncate(count);
        Ok(records)
    }

    /// Adds events and their duplicates, each behind its event, until there are `count`.
    async fn with_duplicates(
        &self,
        firsts: Vec<Record>,
        status: Option<Outcome>,
        count: usize,
        records: &mut Vec<Record>,
    ) -> Result<(), StoreError> {
        if status == Some(Outcome::Accepted) {
            records.extend(firsts);
            return Ok(());
        }
        let with_its_own = |first: Record| async {
            let duplicates = self.duplicates(&first.event_id, None, false, count).await?;
            Ok::<_, StoreError>((first, duplicates))
        };
        let mut events = stream::iter(firsts.into_iter().map(with_its_own)).buffered(SIDE_BY_SIDE);
        while records.len() < count
            && let Some((first, duplicates)) = events.try_next().await?
        {
            if status.is_none() {
                records.push(first);
            }
            records.extend(duplicates);
        }
        Ok(())
    }

    async fn by_lag(
        &self,
        day: &str,
        min_lag_ms: Option<i64>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Records, QueryError> {
        let after = after.map(|position| LagPlace::read(position).ok_or(QueryError::Position)).transpose()?;
        let low = min_lag_ms.unwrap_or(i64::MIN);
        let mut shards = Vec::new();
        let mut walks = Vec::new();
        for shard in self.shards() {
            let partition = schema::lag_partition(day, shard);
            // Of equal lags, those of lower shards have been shown, and of the same shard those up to the place.
            let (high, start) = match &after {
                None => (i64::MAX, None),
                Some(place) if shard < place.shard => (place.lag_ms.saturating_sub(1), None),
                Some(place) if shard == place.shard => (place.lag_ms, Some(place.key(&partition))),
                Some(place) => (place.lag_ms, None),
            };
            if low > high {
                continue;
            }
            let (low, high) = (item::number(low), item::number(high));
            let query = self.query(Some(&BY_LAG)).scan_index_forward(false);
            let range = between(query, (BY_LAG.partition, &partition), BY_LAG.sort, low, high);
            shards.push(shard);
            walks.push(Walk::new(range, start));
        }
        let mut found = merged(&mut walks, limit + 1, |one, other| other.ingest_lag_ms.cmp(&one.ingest_lag_ms)).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = if more { found.last() } else { None };
        let next = last.map(|(walk, record)| LagPlace::of(shards[*walk], record).position());
        Ok(Records { records: found.into_iter().map(|(_, record)| record).collect(), next })
    }

    async fn by_arrival(
        &self,
        query: &Query,
        (from, to): (IngestTime, IngestTime),
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let start = after.map_or(from, |place| place.ingest_time.max(from));
        let low = after.map(|place| {
            let receipt = (place.status == Outcome::Duplicate).then_some(&place.receipt);
            behind(&schema::ingest_order(&place.ingest_time, &place.event_id, receipt))
        });
        // A time alone sorts before every key that begins with it.
        let low = low.map_or(from.to_string(), |low| low.max(from.to_string()));
        let high = to.to_string();
        let mut records = Vec::new();
        if low > high {
            return Ok(records);
        }
        let days = start.unix_ms().div_euclid(MS_PER_DAY)..=(to.unix_ms() - 1).div_euclid(MS_PER_DAY);
        for day in days.filter_map(|day| IngestTime::from_unix_ms(day * MS_PER_DAY)) {
            let mut walks: Vec<Walk> = self
                .shards()
                .map(|shard| {
                    let partition = schema::ingest_partition(&day, shard);
                    let partition = (BY_INGEST.partition, &*partition);
                    let (low, high) = (item::text(&low), item::text(&high));
                    Walk::new(between(self.query(Some(&BY_INGEST)), partition, BY_INGEST.sort, low, high), None)
                })
                .collect();
            while records.len() < count {
                let wanted = count - records.len();
                let order = |one: &Record, other: &Record| query.order(&Place::of(one), &Place::of(other));
                let found = merged(&mut walks, wanted, order).await?;
                let is_end = found.len() < wanted;
                records.extend(found.into_iter().map(|(_, record)| record).filter(|record| query.asks_for(record)));
                if is_end {
                    break;
                }
            }
            if records.len() >= count {
                break;
            }
        }
        Ok(records)
    }

    /// At most `count` duplicates of an event behind a place of it.
    async fn duplicates(
        &self,
        event_id: &EventId,
        after: Option<&Place>,
        consistent: bool,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let low = match after {
            Some(place) if place.status == Outcome::Duplicate => {
                behind(&schema::duplicate_kind(&place.ingest_time, &place.receipt))
            }
            Some(_) | None => schema::DUPLICATE.to_owned(),
        };
        // Every key goes on with a digit.
        let high = format!("{}:", schema::DUPLICATE);
        let id = event_id.to_string();
        let query = self.query(None).consistent_read(consistent);
        let range = between(query, (schema::EVENT_ID, &id), schema::KIND, item::text(low), item::text(high));
        let mut walk = Walk::new(range, None);
        let mut records = Vec::new();
        while records.len() < count
            && let Some(record) = walk.next(count - records.len()).await?
        {
            records.push(record);
        }
        Ok(records)
    }
}

/// Where a page by lag ended. The shard is told, not computed: it was another one before there were more of them.
struct LagPlace {
    lag_ms: i64,
    shard: u16,
    event_id: EventId,
}

impl LagPlace {
    fn of(shard: u16, record: &Record) -> Self {
        Self { lag_ms: record.ingest_lag_ms, shard, event_id: record.event_id }
    }

    fn read(position: &Position) -> Option<Self> {
        let mut parts = position.as_str().split(' ');
        let place = Self {
            lag_ms: parts.next()?.parse().ok()?,
            shard: parts.next()?.parse().ok()?,
            event_id: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }

    fn position(&self) -> Position {
        Position::new(format!("{} {} {}", self.lag_ms, self.shard, self.event_id))
    }

    /// The keys of the item there, in the table and in the index.
    fn key(&self, partition: &str) -> item::Item {
        let mut key = item::event_key(&self.event_id);
        key.insert(schema::LAG_PARTITION.to_owned(), item::text(partition));
        key.insert(schema::INGEST_LAG_MS.to_owned(), item::number(self.lag_ms));
        key
    }
}
