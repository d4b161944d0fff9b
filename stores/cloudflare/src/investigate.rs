//! Answers to investigators, up to date: every statement goes to the primary.

use std::cmp::Ordering;

use pik_core::{
    Bucket, EventId, EventTime, IngestTime, Investigate, Order, Outcome, Page, Place, Position, Query, QueryError,
    Range, Record, Span, StatsQuery, StoreError, Stream,
};

use crate::D1Ledger;
use crate::database::{Done, Parameter, Statement};
use crate::row::{self, EventRow};
use crate::sql;

/// Less than every number that a column holds, and greater. JavaScript has both exactly.
pub(crate) const LEAST: i64 = -(1 << 53);
const GREATEST: i64 = 1 << 53;

/// Less than every id, and greater.
const NO_ID: &str = "";
const BEYOND_IDS: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00";

/// Records that one statement reads to pick those that are asked for.
const PIECE: usize = 500;
/// The most that one page reads for it; the page's limit where that is more.
const LOOKED_AT: usize = 5_000;

/// Less than every source and type.
const NO_NAME: &str = "";

/// Less than every receipt.
const NO_RECEIPT: &str = "";

/// No receipt is longer.
const RECEIPT_BYTES: usize = 256;

/// A place in the time of events, between two of them: just before or behind one, or before a moment.
#[derive(Clone)]
pub(crate) struct Boundary {
    seconds: i64,
    nanoseconds: i64,
    id: String,
}

impl Boundary {
    pub(crate) fn first() -> Self {
        Self { seconds: LEAST, nanoseconds: 0, id: NO_ID.into() }
    }

    pub(crate) fn last() -> Self {
        Self { seconds: GREATEST, nanoseconds: 0, id: NO_ID.into() }
    }

    pub(crate) fn of_time(time: &EventTime) -> Self {
        Self { seconds: time.unix_seconds(), nanoseconds: time.subsecond_nanoseconds().into(), id: NO_ID.into() }
    }

    pub(crate) fn behind(time: &EventTime, id: &EventId) -> Self {
        Self { id: behind(id), ..Self::of_time(time) }
    }

    pub(crate) fn before(place: &Place) -> Self {
        Self { id: place.event_id.to_string(), ..Self::of_time(&place.event_time) }
    }

    pub(crate) fn parameters(self) -> [Parameter; 3] {
        [self.seconds.into(), self.nanoseconds.into(), self.id.into()]
    }

    pub(crate) fn max(self, other: Self) -> Self {
        if self.key() < other.key() { other } else { self }
    }

    pub(crate) fn min(self, other: Self) -> Self {
        if other.key() < self.key() { other } else { self }
    }

    fn key(&self) -> (i64, i64, &str) {
        (self.seconds, self.nanoseconds, &self.id)
    }
}

/// Greater than the id, and less than any that is greater.
fn behind(id: &EventId) -> String {
    format!("{id}00")
}

impl Investigate for D1Ledger {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        let limit = limit.max(1);
        let after = after.map(|position| place(position).ok_or(QueryError::Position)).transpose()?;
        let after = after.as_ref();
        let count = limit + 1;
        let mut records = match query {
            Query::Entity { entity_id, from, to, status } => {
                let start = from.as_ref().map_or_else(Boundary::first, Boundary::of_time);
                let end = to.as_ref().map_or_else(Boundary::last, Boundary::of_time);
                self.of_entity(query, entity_id, (start, end), *status, after, count).await?
            }
            Query::Lag { source, event_type, event_date, min_lag_ms } => {
                let least = min_lag_ms.unwrap_or(LEAST).clamp(LEAST, GREATEST);
                self.by_lag((source, event_type, row::day_of(event_date)), least, after, count).await?
            }
            Query::Arrivals { from, to, status } => self.by_arrival(query, (*from, *to), *status, after, count).await?,
            Query::Range(range) => return self.in_range(query, range, after, limit).await,
            Query::Duplicates { event_id } => self.duplicates(event_id, after, count).await?,
        };
        let more = records.len() > limit;
        records.truncate(limit);
        let next = if more { records.last().map(|record| Place::of(record).position()) } else { None };
        Ok(Page { items: records, next })
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.tallies(query).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        let after = after.map(|position| Stream::names_of(position).ok_or(QueryError::Position)).transpose()?;
        let (source, event_type) = after.unwrap_or((NO_NAME, NO_NAME));
        let limit = limit.max(1);
        let parameters = vec![source.into(), event_type.into(), number(limit + 1)];
        let statement = Statement { sql: sql::STREAMS, parameters };
        let found: Done<Stream> = self.database().run("list streams", statement).await?;
        let mut items = found.rows;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(Stream::position) } else { None };
        Ok(Page { items, next })
    }
}

fn place(position: &Position) -> Option<Place> {
    Place::read(position).filter(|place| place.receipt.as_str().len() <= RECEIPT_BYTES)
}

/// What is to be read of a limit or count.
pub(crate) fn number(count: usize) -> Parameter {
    i64::try_from(count).unwrap_or(GREATEST).into()
}

impl D1Ledger {
    pub(crate) async fn select(
        &self,
        sql: &'static str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Record>, StoreError> {
        let found = self.database().run("select records", Statement { sql, parameters }).await?;
        found.rows.into_iter().map(EventRow::record).collect()
    }

    async fn of_entity(
        &self,
        query: &Query,
        entity_id: &str,
        (start, mut end): (Boundary, Boundary),
        status: Option<Outcome>,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let start = match after {
            Some(place) => start.max(Boundary::behind(&place.event_time, &place.event_id)),
            None => start,
        };
        let range = |end: Boundary| {
            let mut parameters = vec![Parameter::from(entity_id)];
            parameters.extend(start.clone().parameters());
            parameters.extend(end.parameters());
            parameters.push(number(count));
            parameters
        };
        let mut records = Vec::new();
        if status != Some(Outcome::Accepted)
            && let Some(place) = after
        {
            records = self.duplicates(&place.event_id, after, count).await?;
            // The place may be one of another query.
            records.retain(|record| query.asks_for(record));
        }
        if status != Some(Outcome::Duplicate) {
            let events = self.select(sql::ENTITY, range(end.clone())).await?;
            // Duplicates of events behind these are of a later page.
            if events.len() == count
                && let Some(last) = events.last()
            {
                end = Boundary::behind(&last.event_time, &last.event_id);
            }
            records.extend(events);
        }
        if status != Some(Outcome::Accepted) {
            records.extend(self.select(sql::ENTITY_DUPLICATES, range(end)).await?);
        }
        Ok(first(query, records, count))
    }

    async fn by_lag(
        &self,
        (source, event_type, day): (&str, &str, i64),
        least: i64,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let (lag_ms, id) = match after {
            Some(place) => (place.ingest_lag_ms, place.event_id.to_string()),
            None => (GREATEST, BEYOND_IDS.into()),
        };
        let parameters =
            vec![source.into(), event_type.into(), day.into(), least.into(), lag_ms.into(), id.into(), number(count)];
        self.select(sql::LAG, parameters).await
    }

    async fn by_arrival(
        &self,
        query: &Query,
        (from, to): (IngestTime, IngestTime),
        status: Option<Outcome>,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let (start, end) = (from.unix_ms(), to.unix_ms());
        let after = after.filter(|place| place.listed_time >= from);
        let mut records = Vec::new();
        if status != Some(Outcome::Duplicate) {
            let (ms, id) = match after {
                Some(place) => (place.listed_time.unix_ms(), behind(&place.event_id)),
                None => (start, NO_ID.into()),
            };
            let parameters = vec![ms.into(), id.into(), end.into(), number(count)];
            records = self.select(sql::ARRIVALS, parameters).await?;
        }
        if status != Some(Outcome::Accepted) {
            let (ms, id, receipt) = match after {
                Some(place) => {
                    let receipt = if place.status == Outcome::Duplicate { place.receipt.as_str() } else { NO_RECEIPT };
                    (place.listed_time.unix_ms(), place.event_id.to_string(), receipt)
                }
                None => (start, NO_ID.into(), NO_RECEIPT),
            };
            let parameters = vec![ms.into(), id.into(), receipt.into(), end.into(), number(count)];
            records.extend(self.select(sql::ARRIVAL_DUPLICATES, parameters).await?);
        }
        Ok(first(query, records, count))
    }

    /// A page of a range, from either end, picked by source and type.
    async fn in_range(
        &self,
        query: &Query,
        range: &Range,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Page<Record>, QueryError> {
        let Range { scope: _, span, order, status } = range;
        let mut after = after.cloned();
        let (mut items, mut looked_at): (Vec<Record>, usize) = (Vec::new(), 0);
        loop {
            let piece = PIECE.max(limit + 1);
            let place = after.as_ref();
            let found = match (span, order) {
                (Span::Arrival { from, to }, Order::Ascending) => {
                    self.by_arrival(query, (*from, *to), *status, place, piece).await?
                }
                (Span::Arrival { from, to }, Order::Descending) => {
                    self.by_arrival_back(query, (*from, *to), *status, place, piece).await?
                }
                (Span::EventTime { from, to }, _) => {
                    let times = (from.as_ref(), to.as_ref());
                    self.by_event_time(query, times, (*order, *status), place, piece).await?
                }
            };
            let is_end = found.len() < piece;
            looked_at += found.len();
            for record in found {
                let place = Place::of(&record);
                if query.asks_for(&record) {
                    if items.len() == limit {
                        let next = items.last().map(|last| Place::of(last).position());
                        return Ok(Page { items, next });
                    }
                    items.push(record);
                }
                after = Some(place);
            }
            if is_end {
                return Ok(Page { items, next: None });
            }
            if looked_at >= LOOKED_AT.max(limit) {
                return Ok(Page { items, next: after.map(|after| after.position()) });
            }
        }
    }

    async fn by_arrival_back(
        &self,
        query: &Query,
        (from, to): (IngestTime, IngestTime),
        status: Option<Outcome>,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let start = from.unix_ms();
        let after = after.filter(|place| place.listed_time < to);
        let mut records = Vec::new();
        if status != Some(Outcome::Duplicate) {
            let (ms, id) = match after {
                // Behind an event's duplicates comes the event itself.
                Some(place) if place.status == Outcome::Duplicate => {
                    (place.listed_time.unix_ms(), behind(&place.event_id))
                }
                Some(place) => (place.listed_time.unix_ms(), place.event_id.to_string()),
                None => (to.unix_ms(), NO_ID.into()),
            };
            let parameters = vec![ms.into(), id.into(), start.into(), number(count)];
            records = self.select(sql::ARRIVALS_BACK, parameters).await?;
        }
        if status != Some(Outcome::Accepted) {
            let (ms, id, receipt) = match after {
                Some(place) if place.status == Outcome::Duplicate => {
                    (place.listed_time.unix_ms(), place.event_id.to_string(), place.receipt.as_str())
                }
                Some(place) => (place.listed_time.unix_ms(), place.event_id.to_string(), NO_RECEIPT),
                None => (to.unix_ms(), NO_ID.into(), NO_RECEIPT),
            };
            let parameters = vec![ms.into(), id.into(), receipt.into(), start.into(), number(count)];
            records.extend(self.select(sql::ARRIVAL_DUPLICATES_BACK, parameters).await?);
        }
        Ok(first(query, records, count))
    }

    pub(crate) async fn duplicates(
        &self,
        event_id: &EventId,
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        // Before all of them, unless the place is one of theirs.
        let (ms, receipt) = match after {
            Some(place) if place.status == Outcome::Duplicate => (place.ingest_time.unix_ms(), place.receipt.as_str()),
            Some(_) | None => (LEAST, NO_RECEIPT),
        };
        let parameters = vec![event_id.to_string().into(), ms.into(), receipt.into(), number(count)];
        self.select(sql::DUPLICATES, parameters).await
    }
}

/// The first records, in the query's order, of several selections that are each in it.
pub(crate) fn first(query: &Query, mut records: Vec<Record>, count: usize) -> Vec<Record> {
    let order = |one: &Record, other: &Record| -> Ordering { query.order(&Place::of(one), &Place::of(other)) };
    records.sort_by(order);
    records.truncate(count);
    records
}
