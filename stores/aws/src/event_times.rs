//! Ranges of event times, by an index that a table has or not.
//!
//! The index `by_event_time` is over attributes that an accepted event has anyway, so it can be added when it is needed first,
//! and taken away. It has a partition for each type, day and shard; which days there are, S3 lists. A range walks along its
//! days and merges the partitions of each. Duplicates are not in it: those of each event are looked up, as by entity.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_core::{
    EventId, EventTime, IngestTime, Order, Outcome, Place, Position, Query, QueryError, Range, RawKey, Record, Scope,
    StoreError, Stream,
};

use crate::investigate::{EVENTS, LOOKED_AT, Looked, day_of_type};
use crate::places::EventStart;
use crate::walk::{SIDE_BY_SIDE, Walk, before, behind, between, merged};
use crate::{BY_EVENT_TIME, DynamoLedger, item, schema};

/// The most types that one question merges.
const STREAMS: usize = 100;

/// The most days that one page looks into, of all types together. Each is a query for each shard.
const DAYS: usize = 100;

/// What is said where the table has no such index.
const NO_INDEX: &str = "a range of event times needs the index `by_event_time`, which this table does not have; add it with \
    `pik init --store aws --event-time-index` or with `aws dynamodb update-table --table-name \"$EVENTS_TABLE\" \
    --attribute-definitions AttributeName=lag_partition,AttributeType=S AttributeName=entity_order,AttributeType=S \
    --global-secondary-index-updates '[{\"Create\":{\"IndexName\":\"by_event_time\",\"KeySchema\":[\
    {\"AttributeName\":\"lag_partition\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"entity_order\",\"KeyType\":\"RANGE\"}],\
    \"Projection\":{\"ProjectionType\":\"ALL\"}}}]'`; it costs a write unit for each event that is there or comes, $0.625 a \
    million, and can be deleted again. Without it ask by arrival (`arrived_from`, `arrived_to`), by `entity_id`, or by \
    `event_date`";

/// What is said while DynamoDB fills it.
const BEING_FILLED: &str = "the index `by_event_time` is being filled from the events that there are; ask again when \
    `aws dynamodb describe-table` shows it ACTIVE, or ask by arrival (`arrived_from`, `arrived_to`)";

const TOO_MANY_STREAMS: &str = "this range is over more than 100 types, which S3 and DynamoDB would have to merge; name a \
    `source` or its `event_type`, or ask by arrival (`arrived_from`, `arrived_to`)";

const TOO_MANY_DAYS: &str = "there are events of more than 4,000 days before the end of this range, too many to find the last \
    of them; give a later `from`";

/// What a range goes through: keys of the index within days, the ends included.
struct Bounds {
    low: String,
    high: String,
    first: String,
    last: String,
}

impl Bounds {
    fn between(from: Option<&EventTime>, to: Option<&EventTime>) -> Self {
        // A time alone sorts before every key that begins with it; every key begins with a digit.
        let text = |time: &EventTime| time.sort_key().as_str().to_owned();
        Self {
            low: from.map_or_else(|| "0".to_owned(), text),
            high: to.map_or_else(|| ":".to_owned(), text),
            first: from.map_or_else(|| "0".to_owned(), |from| from.date().to_string()),
            last: to.map_or_else(|| ":".to_owned(), last_day),
        }
    }

    /// What is left of them where a page begins.
    fn narrowed(mut self, start: &EventStart, order: Order) -> Self {
        let (day, key) = match start {
            EventStart::Behind(place) => {
                (place.event_time, Some(schema::entity_order(&place.event_time, &place.event_id)))
            }
            EventStart::Day(day) => (*day, None),
        };
        match order {
            Order::Ascending => {
                self.first = self.first.max(day.date().to_string());
                self.low = self.low.max(key.map(|key| behind(&key)).unwrap_or_default());
            }
            Order::Descending => {
                self.last = self.last.min(day.date().to_string());
                if let Some(key) = key {
                    self.high = self.high.min(before(&key));
                }
            }
        }
        self
    }
}

/// The day of the last moment before this one.
fn last_day(to: &EventTime) -> String {
    let seconds = if to.subsecond_nanoseconds() == 0 { to.unix_seconds() - 1 } else { to.unix_seconds() };
    EventTime::from_unix(seconds, 0).map(|time| time.date().to_string()).unwrap_or_default()
}

/// The folder of a type's raw objects.
fn folder(stream: &Stream) -> String {
    let (time, any_id) = (EventTime::from_unix(0, 0), EventId::from_bytes([0; 32]));
    let key = time.zip(IngestTime::from_unix_ms(0));
    let key = key.map(|(day, time)| RawKey::of(&stream.source, &stream.event_type, &day, time, &any_id));
    // INVARIANT: a RawKey is `raw/source=…/event_type=…/…`.
    key.map(|key| key.as_str().split_inclusive('/').take(3).collect()).unwrap_or_default()
}

/// An index that is not there, or not yet.
fn told(error: StoreError) -> QueryError {
    let reason = error.reason();
    if reason.contains("not have the specified index") {
        QueryError::Unanswered(NO_INDEX)
    } else if reason.contains("backfilling global secondary index") {
        QueryError::Unanswered(BEING_FILLED)
    } else {
        QueryError::Store(error)
    }
}

impl DynamoLedger {
    pub(crate) async fn by_event_time(
        &self,
        query: &Query,
        range: &Range,
        (from, to): (Option<&EventTime>, Option<&EventTime>),
        after: Option<&Position>,
        count: usize,
    ) -> Result<Looked, QueryError> {
        let Range { scope, span: _, order, status } = range;
        let start = after.map(|position| EventStart::read(position).ok_or(QueryError::Position)).transpose()?;
        let mut bounds = Bounds::between(from, to);
        let mut records = Vec::new();
        if let Some(start) = &start {
            bounds = bounds.narrowed(start, *order);
            if let EventStart::Behind(place) = start {
                records = self.rest_of_event(place, *order, *status, count).await?;
            }
        }
        let stopped = match records.len() < count && bounds.low <= bounds.high {
            true => self.through_days(&bounds, scope, (*order, *status), count, &mut records).await?,
            false => None,
        };
        records.retain(|record| query.asks_for(record));
        records.truncate(count);
        Ok(Looked { records, stopped: stopped.map(|start| start.position()) })
    }

    /// What is left of an event that a page ended in.
    async fn rest_of_event(
        &self,
        place: &Place,
        order: Order,
        status: Option<Outcome>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let back = order == Order::Descending;
        if back && place.status == Outcome::Accepted {
            return Ok(Vec::new());
        }
        let mut records = Vec::new();
        if status != Some(Outcome::Accepted) {
            records = self.duplicates(&place.event_id, Some(place), order, false, count).await?;
        }
        if back && status != Some(Outcome::Duplicate) {
            records.extend(self.find_item(&place.event_id).await?.as_ref().map(item::read).transpose()?);
        }
        Ok(records)
    }

    /// Adds records until there are `count`; where to go on, when it was looked enough before.
    async fn through_days(
        &self,
        bounds: &Bounds,
        scope: &Scope,
        (order, status): (Order, Option<Outcome>),
        count: usize,
        records: &mut Vec<Record>,
    ) -> Result<Option<EventStart>, QueryError> {
        let streams = self.streams_in(scope).await?;
        let days = self.days_of(&streams, bounds, order).await?;
        let mut days: Vec<_> = days.into_iter().collect();
        if order == Order::Descending {
            days.reverse();
        }
        let (mut looked_into, mut looked_at) = (0, 0);
        for (day, streams) in days {
            if looked_into > 0 && looked_into + streams.len() > DAYS {
                return Ok(Some(EventStart::Day(day)));
            }
            looked_into += streams.len();
            let partitions = streams.iter().flat_map(|stream| {
                let day = day_of_type(&stream.source, &stream.event_type, &day);
                self.shards().map(move |shard| schema::lag_partition(&day, shard))
            });
            let mut walks: Vec<Walk> =
                partitions.map(|partition| Walk::new(self.of_partition(&partition, bounds, order), None)).collect();
            let by_time = |one: &Record, other: &Record| {
                let ascending = (one.event_time, one.event_id).cmp(&(other.event_time, other.event_id));
                if order == Order::Descending { ascending.reverse() } else { ascending }
            };
            while records.len() < count {
                let wanted = if status == Some(Outcome::Duplicate) { EVENTS } else { count - records.len() };
                let firsts = merged(&mut walks, wanted, by_time).await.map_err(told)?;
                let is_end = firsts.len() < wanted;
                let Some(last) = firsts.last().map(|(_, first)| Place::of(first)) else { break };
                looked_at += firsts.len();
                let found = records.len();
                let firsts = firsts.into_iter().map(|(_, first)| first).collect();
                self.with_duplicates(firsts, (order, status), count, records).await?;
                if status == Some(Outcome::Duplicate) && looked_at >= LOOKED_AT && records.len() < count {
                    // Behind the last event's duplicates, if it has any.
                    let own = records[found..].last().filter(|record| record.event_id == last.event_id);
                    let behind = if order == Order::Ascending { own.map_or(last, Place::of) } else { last };
                    return Ok(Some(EventStart::Behind(behind)));
                }
                if is_end {
                    break;
                }
            }
            if records.len() >= count {
                break;
            }
        }
        Ok(None)
    }

    fn of_partition(&self, partition: &str, bounds: &Bounds, order: Order) -> QueryFluentBuilder {
        let query = self.query(Some(&BY_EVENT_TIME)).scan_index_forward(order == Order::Ascending);
        let partition = (BY_EVENT_TIME.partition, partition);
        between(query, partition, BY_EVENT_TIME.sort, item::text(&bounds.low), item::text(&bounds.high))
    }

    /// The types that a range is over.
    async fn streams_in(&self, scope: &Scope) -> Result<Vec<Stream>, QueryError> {
        let source = match scope {
            Scope::Stream { source, event_type } => return Ok(vec![Stream::named(source, event_type)]),
            Scope::Source { source } => Some(source),
            Scope::All => None,
        };
        // No type has this character, and each that is possible is behind it.
        let before = source.map(|source| Stream::named(source, "\u{1}").position());
        let mut streams = self.list_streams(before.as_ref(), STREAMS + 1).await?.items;
        streams.retain(|stream| source.is_none_or(|source| *source == stream.source));
        if streams.len() > STREAMS {
            return Err(QueryError::Unanswered(TOO_MANY_STREAMS));
        }
        Ok(streams)
    }

    /// The days within bounds of which there are events, each with its types. Where days are many, the first of each type.
    async fn days_of<'a>(
        &self,
        streams: &'a [Stream],
        bounds: &Bounds,
        order: Order,
    ) -> Result<BTreeMap<EventTime, Vec<&'a Stream>>, QueryError> {
        let all = order == Order::Descending;
        let list = async |stream| {
            let days = self.folders.days(&folder(stream), (&bounds.first, &bounds.last), all).await?;
            Ok::<_, QueryError>((stream, days.ok_or(QueryError::Unanswered(TOO_MANY_DAYS))?))
        };
        let lists: Vec<_> = streams.iter().map(list).collect();
        let listed: Vec<_> = stream::iter(lists).buffered(SIDE_BY_SIDE).try_collect().await?;
        let mut days: BTreeMap<EventTime, Vec<&Stream>> = BTreeMap::new();
        for (stream, listed) in listed {
            for day in listed.iter().filter_map(|day| format!("{day}T00:00:00Z").parse().ok()) {
                days.entry(day).or_default().push(stream);
            }
        }
        Ok(days)
    }
}
