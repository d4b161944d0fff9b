//! Records by entity, by lag, by time and by event, each in the order of an index.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use pik_core::{EventTime, Page, Position, Query, Range, Receipt, Record, Span, Status};
use rusqlite::OptionalExtension;

use crate::db::{rows, sql};
use crate::index::keys::{BY_ENTITY, BY_FIRST, BY_INGEST, BY_LAG};
use crate::index::occurrence::entity_prefix;
use crate::read::found::{FIRST, Found, LATER, Place, kinds};
use crate::read::ranges::Streams;
use crate::read::reader::{Moment, Reader};

/// How many numbers the place of each query has.
const ENTITY: usize = 5; // event seconds, nanoseconds, start of the id, kind, seq
const LAG: usize = 2; // minus the lag, seq
const ARRIVALS: usize = 2; // ingest milliseconds, seq
const TIMES: usize = 3; // event seconds, nanoseconds, seq
const DUPLICATES: usize = 1; // seq

const SECONDS_PER_DAY: i64 = 86_400;

/// The most keys that one page goes through which may not be asked for; the page's limit where that is more.
const LOOKED_AT: usize = 50_000;
/// How many of them it takes at once.
const PIECE: usize = 2_000;

/// The place that a position names, if it is one of this query's.
pub(crate) fn place_of(query: &Query, position: &Position) -> Option<Place> {
    let length = match query {
        Query::Entity { .. } => ENTITY,
        Query::Lag { .. } => LAG,
        Query::Arrivals { .. } | Query::Range(Range { span: Span::Arrival { .. }, .. }) => ARRIVALS,
        Query::Range(Range { span: Span::EventTime { .. }, .. }) => TIMES,
        Query::Duplicates { .. } => DUPLICATES,
    };
    let numbers: Place = position.as_str().split(' ').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() == length).then_some(numbers)
}

fn position(place: &Place) -> Position {
    let numbers: Vec<String> = place.iter().map(i64::to_string).collect();
    Position::new(numbers.join(" "))
}

impl Reader {
    /// At most `limit` records of a query behind a place.
    pub(crate) fn records(&self, query: &Query, after: Option<Place>, limit: usize) -> rusqlite::Result<Page<Record>> {
        self.at_once(|moment| moment.records(query, after, limit))
    }
}

impl Moment<'_> {
    fn records(&self, query: &Query, mut after: Option<Place>, limit: usize) -> rusqlite::Result<Page<Record>> {
        let mut records = Vec::new();
        let mut last = None;
        let mut firsts = HashMap::new();
        let streams = match query {
            Query::Range(range) => self.streams_of(&range.scope)?,
            Query::Entity { .. } | Query::Lag { .. } | Query::Arrivals { .. } | Query::Duplicates { .. } => {
                Streams::All
            }
        };
        if streams.are_none() {
            return Ok(Page { items: records, next: None });
        }
        let picks = !streams.are_all() || matches!(query, Query::Range(Range { status: Some(_), .. }));
        let mut looked_at = 0;
        loop {
            let wanted = limit + 1 - records.len();
            // Most of what is found may not be asked for.
            let piece = if picks { wanted.max(PIECE) } else { wanted };
            let found = self.found(query, &streams, after.as_ref(), piece)?;
            let is_end = found.len() < piece;
            looked_at += found.len();
            for Found { place, kind, seq, fits } in found {
                after = Some(place);
                if !fits {
                    continue;
                }
                // Starts of hashes lead here, so the whole values decide.
                let Some(record) = self.occurrence(kind, seq, &mut firsts)?.filter(|record| query.asks_for(record))
                else {
                    continue;
                };
                if records.len() == limit {
                    return Ok(Page { items: records, next: last.as_ref().map(position) });
                }
                records.push(record);
                last.clone_from(&after);
            }
            if is_end {
                return Ok(Page { items: records, next: None });
            }
            if picks && looked_at >= LOOKED_AT.max(limit) {
                return Ok(Page { items: records, next: after.as_ref().map(position) });
            }
        }
    }

    fn found(
        &self,
        query: &Query,
        streams: &Streams,
        after: Option<&Place>,
        count: usize,
    ) -> rusqlite::Result<Vec<Found>> {
        match query {
            Query::Entity { entity_id, from, to, status } => {
                let prefix = entity_prefix(entity_id);
                let find = |kind| self.of_entity(prefix, kind, (from.as_ref(), to.as_ref()), after, count);
                merged(kinds(*status), count, find)
            }
            Query::Lag { source, event_type, event_date, min_lag_ms } => {
                let Some(stream) = rows::stream(self.connection, source, event_type)? else { return Ok(Vec::new()) };
                let day = event_date.unix_seconds().div_euclid(SECONDS_PER_DAY);
                let (lag, seq) = after.map_or((i64::MIN, i64::MIN), |place| (place[0], place[1].saturating_add(1)));
                let least = min_lag_ms.map_or(i64::MAX, i64::saturating_neg);
                let keys = self.keys(&BY_LAG, [stream, day, lag, seq]..=[stream, day, least, i64::MAX], count)?;
                let found = |[_, _, lag, seq]: [i64; 4]| Found { place: vec![lag, seq], kind: FIRST, seq, fits: true };
                Ok(keys.into_iter().map(found).collect())
            }
            Query::Arrivals { from, to, status } => {
                let behind = after.map(|place| (place[0], place[1].saturating_add(1)));
                let (ms, seq) = behind.unwrap_or((i64::MIN, i64::MIN)).max((from.unix_ms(), i64::MIN));
                let find = |kind| {
                    // No occurrence has this seq, so the end is excluded.
                    let keys = self.keys(&BY_INGEST, [kind, ms, seq]..=[kind, to.unix_ms(), i64::MIN], count)?;
                    let found = |[_, ms, seq]: [i64; 3]| Found { place: vec![ms, seq], kind, seq, fits: true };
                    Ok(keys.into_iter().map(found).collect())
                };
                merged(kinds(*status), count, find)
            }
            Query::Range(range) => self.in_range(range, streams, after, count),
            Query::Duplicates { event_id } => {
                let Some((first, _)) = self.find(event_id)? else { return Ok(Vec::new()) };
                let seq = after.map_or(i64::MIN, |place| place[0].saturating_add(1));
                let keys = self.keys(&BY_FIRST, [first, seq]..=[first, i64::MAX], count)?;
                Ok(keys.into_iter().map(|[_, seq]| Found { place: vec![seq], kind: LATER, seq, fits: true }).collect())
            }
        }
    }

    fn of_entity(
        &self,
        prefix: i64,
        kind: i64,
        (from, to): (Option<&EventTime>, Option<&EventTime>),
        after: Option<&Place>,
        count: usize,
    ) -> rusqlite::Result<Vec<Found>> {
        let instant = |time: &EventTime| (time.unix_seconds(), i64::from(time.subsecond_nanoseconds()));
        let start = from.map_or((i64::MIN, i64::MIN), instant);
        let start = (start.0, start.1, i64::MIN, i64::MIN);
        let behind = after.map_or(start, |place| {
            let seq = match kind.cmp(&place[3]) {
                std::cmp::Ordering::Less => i64::MAX,
                std::cmp::Ordering::Equal => place[4].saturating_add(1),
                std::cmp::Ordering::Greater => i64::MIN,
            };
            (place[0], place[1], place[2], seq)
        });
        let (seconds, nanoseconds, id, seq) = start.max(behind);
        // No occurrence has this seq, so the end is excluded.
        let end = to.map_or((i64::MAX, i64::MAX), instant);
        let end = [prefix, kind, end.0, end.1, i64::MIN, i64::MIN];
        let keys = self.keys(&BY_ENTITY, [prefix, kind, seconds, nanoseconds, id, seq]..=end, count)?;
        let found = |[_, kind, seconds, nanoseconds, id, seq]: [i64; 6]| Found {
            place: vec![seconds, nanoseconds, id, kind, seq],
            kind,
            seq,
            fits: true,
        };
        Ok(keys.into_iter().map(found).collect())
    }

    /// `firsts` are those read before, by their seq: the duplicates of one event share theirs.
    fn occurrence(&self, kind: i64, seq: i64, firsts: &mut HashMap<i64, Record>) -> rusqlite::Result<Option<Record>> {
        if kind == FIRST {
            return rows::record(self.connection, seq);
        }
        let own = self
            .connection
            .prepare_cached(sql::LATER)?
            .query_row([seq], |row| {
                Ok((row.get::<_, i64>(0)?, rows::read_ingest_time(row, 1)?, row.get::<_, String>(2)?))
            })
            .optional()?;
        let Some((first, ingest_time, receipt)) = own else { return Ok(None) };
        let first = match firsts.entry(first) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => match rows::record(self.connection, first)? {
                Some(record) => unknown.insert(record),
                None => return Ok(None),
            },
        };
        Ok(Some(Record {
            ingest_time,
            ingest_lag_ms: ingest_time.lag_ms(&first.event_time),
            status: Status::Duplicate,
            receipt: Receipt::from_stored(receipt),
            ..first.clone()
        }))
    }
}

/// The first `count` of what is found of each kind.
fn merged(
    kinds: &[i64],
    count: usize,
    find: impl Fn(i64) -> rusqlite::Result<Vec<Found>>,
) -> rusqlite::Result<Vec<Found>> {
    let mut found = Vec::new();
    for kind in kinds {
        found.extend(find(*kind)?);
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found.truncate(count);
    Ok(found)
}
