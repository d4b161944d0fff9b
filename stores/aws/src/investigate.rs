//! Answers to investigators.
//!
//! Indexes of DynamoDB follow the table within a second, as a rule: what was answered just now may be missing from all
//! but the duplicates of one event. A read unit is 4 KiB, or 8 KiB from an index; every query is at least half of one.
//! With records of 1 KiB and S shards:
//!
//! | question | read | read units of a page of n |
//! |---|---|---|
//! | by entity | `by_entity`, then the duplicates of each event in the table | n / 8 + n / 2; n / 8 for ACCEPTED alone |
//! | by lag | S partitions of `by_lag`, merged | (3 n / 2 + 5 S) / 8 + S / 2 |
//! | by arrival | S partitions of `by_ingest` for each day of the window until the page is full, merged | as by lag, and S / 2 for each day before |
//! | a range of arrivals of a source or type | the same; others' records are read and left out | the same, for at most 1,000 records a page |
//! | a range of event times | `by_event_time`, S partitions of each type and day until the page is full, merged; the duplicates of each event | as by lag and n / 2, and S / 2 for each type and day before; n / 2 less for ACCEPTED alone |
//! | duplicates of an event | the table, strongly consistent | n / 4 |
//! | streams | one partition of the table, strongly consistent | 1 for about 40 |
//! | stats | 2 S partitions of `by_lag` for each day, to their ends | S for each day, and 1 for 8 occurrences |
//!
//! A page reads a bounded amount. By arrival it looks into [`DAYS`] days at most, and where a status is asked for at
//! [`LOOKED_AT`] records at most; DUPLICATE alone by entity or by event time looks at as many events. A page that stops there is short, even
//! empty, and has a next one all the same.
//!
//! A duplicate is not in `by_entity`: with its third index write it would cost five write units.

use std::num::NonZeroU16;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{
    Bucket, EventId, EventTime, IngestTime, Investigate, Order, Outcome, Page, Place, Position, Query, QueryError,
    Range, RawKey, Record, Span, StatsQuery, StoreError, Stream,
};

use crate::places::{ArrivalStart, LagPlace, place};
use crate::walk::{SIDE_BY_SIDE, Walk, before, behind, between, merged};
use crate::{BY_ENTITY, BY_INGEST, BY_LAG, DynamoLedger, Index, item, schema};

const MS_PER_DAY: i64 = 86_400_000;

/// First occurrences that are scanned in one step when only duplicates of an entity or of a range are asked for.
pub(crate) const EVENTS: usize = 100;

/// The most days that one page of arrivals looks into. A day without arrivals costs a query for each shard, too.
const DAYS: usize = 100;

/// The most records that one page reads to pick those of the status that is asked for; the page's limit where that is more.
pub(crate) const LOOKED_AT: usize = 1_000;

impl Investigate for DynamoLedger {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        let limit = limit.max(1);
        if let Query::Lag { source, event_type, event_date, min_lag_ms } = query {
            let day = day_of_type(source, event_type, event_date);
            return self.by_lag(&day, *min_lag_ms, after, limit).await;
        }
        let behind = || after.map(|position| place(position).ok_or(QueryError::Position)).transpose();
        let Looked { mut records, stopped } = match query {
            Query::Entity { entity_id, from, to, status } => {
                let times = (from.as_ref(), to.as_ref());
                self.by_entity(query, entity_id, times, *status, behind()?.as_ref(), limit + 1).await?
            }
            Query::Arrivals { from, to, .. } => {
                let start = after.map(|position| ArrivalStart::read(position).ok_or(QueryError::Position));
                self.by_arrival(query, (*from, *to), Order::Ascending, start.transpose()?, limit + 1).await?
            }
            Query::Duplicates { event_id } => {
                let after = behind()?;
                let found = self.duplicates(event_id, after.as_ref(), Order::Ascending, true, limit + 1).await?;
                Looked::to_the_end(found)
            }
            Query::Range(Range { span: Span::Arrival { from, to }, order, .. }) => {
                let start = after.map(|position| ArrivalStart::read(position).ok_or(QueryError::Position));
                self.by_arrival(query, (*from, *to), *order, start.transpose()?, limit + 1).await?
            }
            Query::Range(range @ Range { span: Span::EventTime { from, to }, .. }) => {
                self.by_event_time(query, range, (from.as_ref(), to.as_ref()), after, limit + 1).await?
            }
            Query::Lag { .. } => Looked::to_the_end(Vec::new()),
        };
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|record| Place::of(record).position()) } else { stopped };
        Ok(Page { items: records, next })
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.tallies(query).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        self.list_streams(after, limit.max(1)).await
    }
}

/// What one page's reading came to.
pub(crate) struct Looked {
    pub(crate) records: Vec<Record>,
    /// Where to go on, when it was read enough before the page was full.
    pub(crate) stopped: Option<Position>,
}

impl Looked {
    fn to_the_end(records: Vec<Record>) -> Self {
        Self { records, stopped: None }
    }
}

/// What the partitions of a type and day begin with.
pub(crate) fn day_of_type(source: &str, event_type: &str, day: &EventTime) -> String {
    // The rest of the key is cut off.
    let (any_time, any_id) = (IngestTime::from_unix_ms(0), EventId::from_bytes([0; 32]));
    let key = any_time.map(|time| RawKey::of(source, event_type, day, time, &any_id));
    key.as_ref().map(schema::day_of_type).unwrap_or_default()
}

impl DynamoLedger {
    pub(crate) fn query(&self, index: Option<&Index>) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table);
        query.set_index_name(index.map(|index| index.name.to_owned()))
    }

    pub(crate) fn shards(&self) -> impl Iterator<Item = u16> + use<> {
        0..NonZeroU16::get(self.shards)
    }

    async fn by_entity(
        &self,
        query: &Query,
        entity_id: &str,
        (from, to): (Option<&EventTime>, Option<&EventTime>),
        status: Option<Outcome>,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Looked, StoreError> {
        let mut records = Vec::new();
        let mut stopped = None;
        if let Some(place) = after
            && status != Some(Outcome::Accepted)
        {
            records.extend(self.duplicates(&place.event_id, Some(place), Order::Ascending, false, count).await?);
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
            let mut looked_at = 0;
            while records.len() < count {
                let piece = if status == Some(Outcome::Duplicate) { EVENTS } else { count - records.len() };
                let mut firsts = Vec::new();
                while firsts.len() < piece
                    && let Some(first) = events.next(piece - firsts.len()).await?
                {
                    firsts.push(first);
                }
                let Some(last) = firsts.last().map(Place::of) else { break };
                looked_at += firsts.len();
                let found = records.len();
                self.with_duplicates(firsts, (Order::Ascending, status), count, &mut records).await?;
                if status == Some(Outcome::Duplicate) && looked_at >= LOOKED_AT && records.len() < count {
                    // Behind the last event's duplicates, if it has any.
                    let own = records[found..].last().filter(|record| record.event_id == last.event_id);
                    stopped = Some(own.map_or(last, Place::of).position());
                    break;
                }
            }
        }
        records.retain(|record| query.asks_for(record));
        records.truncate(count);
        Ok(Looked { records, stopped })
    }

    /// Adds events and their duplicates, each behind its event in their order, until there are `count`.
    pub(crate) async fn with_duplicates(
        &self,
        firsts: Vec<Record>,
        (order, status): (Order, Option<Outcome>),
        count: usize,
        records: &mut Vec<Record>,
    ) -> Result<(), StoreError> {
        if status == Some(Outcome::Accepted) {
            records.extend(firsts);
            return Ok(());
        }
        let with_its_own = |first: Record| async {
            let mut occurrences = self.duplicates(&first.event_id, None, order, false, count).await?;
            if status.is_none() {
                let place = if order == Order::Ascending { 0 } else { occurrences.len() };
                occurrences.insert(place, first);
            }
            Ok::<_, StoreError>(occurrences)
        };
        let mut events = stream::iter(firsts.into_iter().map(with_its_own)).buffered(SIDE_BY_SIDE);
        while records.len() < count
            && let Some(occurrences) = events.try_next().await?
        {
            records.extend(occurrences);
        }
        Ok(())
    }

    async fn by_lag(
        &self,
        day: &str,
        min_lag_ms: Option<i64>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Record>, QueryError> {
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
        Ok(Page { items: found.into_iter().map(|(_, record)| record).collect(), next })
    }

    async fn by_arrival(
        &self,
        query: &Query,
        (from, to): (IngestTime, IngestTime),
        direction: Order,
        after: Option<ArrivalStart>,
        count: usize,
    ) -> Result<Looked, StoreError> {
        let ascends = direction == Order::Ascending;
        // A time alone sorts before every key that begins with it.
        let (mut first, mut low) = (from, from.to_string());
        let (mut last_ms, mut high) = (to.unix_ms() - 1, to.to_string());
        if let Some(after) = after {
            if ascends {
                let (time, key) = after.start();
                (first, low) = (first.max(time), low.max(key));
            } else {
                let (ms, key) = after.end();
                (last_ms, high) = (last_ms.min(ms), high.min(key));
            }
        }
        let mut records = Vec::new();
        if low > high {
            return Ok(Looked::to_the_end(records));
        }
        let enough = LOOKED_AT.max(count);
        let mut looked_at = 0;
        let days = first.unix_ms().div_euclid(MS_PER_DAY)..=last_ms.div_euclid(MS_PER_DAY);
        let mut days: Box<dyn Iterator<Item = i64> + Send> =
            if ascends { Box::new(days) } else { Box::new(days.rev()) };
        let days = days.by_ref().filter_map(|day| IngestTime::from_unix_ms(day * MS_PER_DAY));
        for (number, day) in days.enumerate() {
            if number == DAYS {
                let from_here = if ascends { Some(day) } else { IngestTime::from_unix_ms(day.unix_ms() + MS_PER_DAY) };
                return Ok(Looked { records, stopped: from_here.map(|day| ArrivalStart::From(day).position()) });
            }
            let mut walks: Vec<Walk> = self
                .shards()
                .map(|shard| {
                    let partition = schema::ingest_partition(&day, shard);
                    let partition = (BY_INGEST.partition, &*partition);
                    let (low, high) = (item::text(&low), item::text(&high));
                    let query = self.query(Some(&BY_INGEST)).scan_index_forward(ascends);
                    Walk::new(between(query, partition, BY_INGEST.sort, low, high), None)
                })
                .collect();
            while records.len() < count {
                let wanted = count - records.len();
                let order = |one: &Record, other: &Record| query.order(&Place::of(one), &Place::of(other));
                let found = merged(&mut walks, wanted, order).await?;
                let is_end = found.len() < wanted;
                looked_at += found.len();
                let last = found.last().map(|(_, record)| Place::of(record));
                records.extend(found.into_iter().map(|(_, record)| record).filter(|record| query.asks_for(record)));
                if is_end {
                    break;
                }
                if looked_at >= enough && records.len() < count {
                    return Ok(Looked { records, stopped: last.map(|last| last.position()) });
                }
            }
            if records.len() >= count {
                break;
            }
        }
        Ok(Looked::to_the_end(records))
    }

    /// At most `count` duplicates of an event behind a place of it, in an order of arrival.
    pub(crate) async fn duplicates(
        &self,
        event_id: &EventId,
        after: Option<&Place>,
        order: Order,
        consistent: bool,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        // Every key goes on with a digit.
        let (mut low, mut high) = (schema::DUPLICATE.to_owned(), format!("{}:", schema::DUPLICATE));
        if let Some(place) = after
            && place.status == Outcome::Duplicate
        {
            let key = schema::duplicate_kind(&place.ingest_time, &place.receipt);
            match order {
                Order::Ascending => low = behind(&key),
                Order::Descending => high = before(&key),
            }
        }
        let id = event_id.to_string();
        let query = self.query(None).consistent_read(consistent).scan_index_forward(order == Order::Ascending);
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
