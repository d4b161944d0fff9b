//! Records of a time range, of all streams or of some.

use std::collections::HashSet;

use pik_core::{EventTime, IngestTime, Order, Range, Scope, Span};
use rusqlite::OptionalExtension;

use crate::db::{rows, sql};
use crate::index::keys::{BY_INGEST, BY_TIME};
use crate::read::found::{FIRST, Found, Place, kinds};
use crate::read::reader::Moment;

/// The streams that a range is about.
pub(crate) enum Streams {
    All,
    These(HashSet<i64>),
}

impl Streams {
    pub(crate) fn are_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether there is no such stream, and so nothing to look for.
    pub(crate) fn are_none(&self) -> bool {
        matches!(self, Self::These(streams) if streams.is_empty())
    }

    fn have(&self, stream: i64) -> bool {
        match self {
            Self::All => true,
            Self::These(streams) => streams.contains(&stream),
        }
    }
}

impl Moment<'_> {
    /// The streams of a scope.
    pub(crate) fn streams_of(&self, scope: &Scope) -> rusqlite::Result<Streams> {
        match scope {
            Scope::All => Ok(Streams::All),
            Scope::Source { source } => {
                let mut statement = self.connection.prepare_cached(sql::SOURCE_STREAMS)?;
                let streams = statement.query_map([source], |row| row.get(0))?;
                Ok(Streams::These(streams.collect::<rusqlite::Result<_>>()?))
            }
            Scope::Stream { source, event_type } => {
                Ok(Streams::These(rows::stream(self.connection, source, event_type)?.into_iter().collect()))
            }
        }
    }

    /// The next `count` occurrences between the times of a range, of whatever stream.
    pub(crate) fn in_range(
        &self,
        range: &Range,
        streams: &Streams,
        after: Option<&Place>,
        count: usize,
    ) -> rusqlite::Result<Vec<Found>> {
        match range.span {
            Span::EventTime { from, to } => {
                self.by_event_time((from.as_ref(), to.as_ref()), range, streams, after, count)
            }
            Span::Arrival { from, to } => {
                let mut found = Vec::new();
                for kind in kinds(range.status) {
                    found.extend(self.by_arrival(*kind, (from, to), range.order, after, count)?);
                }
                match range.order {
                    Order::Ascending => found.sort_by(|one, other| one.place.cmp(&other.place)),
                    Order::Descending => found.sort_by(|one, other| other.place.cmp(&one.place)),
                }
                found.truncate(count);
                if !streams.are_all() {
                    for found in &mut found {
                        found.fits = self.stream_of(found)?.is_some_and(|stream| streams.have(stream));
                    }
                }
                Ok(found)
            }
        }
    }

    fn by_event_time(
        &self,
        (from, to): (Option<&EventTime>, Option<&EventTime>),
        range: &Range,
        streams: &Streams,
        after: Option<&Place>,
        count: usize,
    ) -> rusqlite::Result<Vec<Found>> {
        let instant = |time: &EventTime| (time.unix_seconds(), i64::from(time.subsecond_nanoseconds()), i64::MIN);
        // No occurrence has the least seq, so `to` is excluded.
        let mut low = from.map_or((i64::MIN, i64::MIN, i64::MIN), instant);
        let mut high = to.map_or((i64::MAX, i64::MAX, i64::MAX), instant);
        let keys = match range.order {
            Order::Ascending => {
                low = after.map_or(low, |place| low.max((place[0], place[1], place[2].saturating_add(1))));
                self.keys(&BY_TIME, least(low)..=most(high), count)?
            }
            Order::Descending => {
                high = after.map_or(high, |place| high.min((place[0], place[1], place[2].saturating_sub(1))));
                self.keys_back(&BY_TIME, least(low)..=most(high), count)?
            }
        };
        let kinds = kinds(range.status);
        let found = |[seconds, nanoseconds, seq, kind, stream]: [i64; 5]| Found {
            place: vec![seconds, nanoseconds, seq],
            kind,
            seq,
            fits: streams.have(stream) && kinds.contains(&kind),
        };
        Ok(keys.into_iter().map(found).collect())
    }

    fn by_arrival(
        &self,
        kind: i64,
        (from, to): (IngestTime, IngestTime),
        order: Order,
        after: Option<&Place>,
        count: usize,
    ) -> rusqlite::Result<Vec<Found>> {
        // No occurrence has the least seq, so `to` is excluded.
        let (mut low, mut high) = ((from.unix_ms(), i64::MIN), (to.unix_ms(), i64::MIN));
        let keys = match order {
            Order::Ascending => {
                low = after.map_or(low, |place| low.max((place[0], place[1].saturating_add(1))));
                self.keys(&BY_INGEST, [kind, low.0, low.1]..=[kind, high.0, high.1], count)?
            }
            Order::Descending => {
                high = after.map_or(high, |place| high.min((place[0], place[1].saturating_sub(1))));
                self.keys_back(&BY_INGEST, [kind, low.0, low.1]..=[kind, high.0, high.1], count)?
            }
        };
        Ok(keys.into_iter().map(|[_, ms, seq]| Found { place: vec![ms, seq], kind, seq, fits: true }).collect())
    }

    fn stream_of(&self, found: &Found) -> rusqlite::Result<Option<i64>> {
        let statement = match found.kind {
            FIRST => sql::STREAM_OF_FIRST,
            _ => sql::STREAM_OF_LATER,
        };
        self.connection.prepare_cached(statement)?.query_row([found.seq], |row| row.get(0)).optional()
    }
}

fn least((seconds, nanoseconds, seq): (i64, i64, i64)) -> [i64; 5] {
    [seconds, nanoseconds, seq, i64::MIN, i64::MIN]
}

// At an excluded end, whose seq is the least, there is no key either way.
fn most((seconds, nanoseconds, seq): (i64, i64, i64)) -> [i64; 5] {
    [seconds, nanoseconds, seq, i64::MAX, i64::MAX]
}
