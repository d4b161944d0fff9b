//! What an investigator asks for, read from a request's parameters.

use core::time::Duration;

use pik_core::{
    BucketWidth, EventId, EventTime, IngestTime, MAX_ENTITY_ID_BYTES, MAX_PARTITION_BYTES, Order, Outcome,
    ParseLagError, Position, Query, Range, Scope, Span, StatsQuery, TimeError, parse_lag,
};

use super::cursor;
use super::parameters::{Complaint, Given, Parameters, listed};
use crate::limits::{DEFAULT_LIMIT, MAX_BUCKETS, MAX_LIMIT, MAX_WAIT};

/// A page of records.
#[derive(Clone)]
pub(crate) struct Question {
    /// As it was asked.
    pub(crate) query: Query,
    /// How far the walk goes that this page belongs to, if its first page froze it.
    pub(crate) settled_until: Option<IngestTime>,
    pub(crate) after: Option<Position>,
    pub(crate) limit: usize,
    /// How long to wait for the first arrival.
    pub(crate) wait: Duration,
}

const PAGE: &[&str] = &["limit", "cursor"];
const BY_ENTITY: &[&str] = &["entity_id", "from", "to", "status"];
const BY_LAG: &[&str] = &["source", "event_type", "event_date", "min_lag", "min_lag_ms"];
const BY_EVENT_TIME: &[&str] = &["from", "to", "source", "event_type", "order", "status"];
const BY_ARRIVAL: &[&str] = &["arrived_from", "arrived_to", "source", "event_type", "order", "status", "wait"];
const EVENTS: &[&str] = &[
    "entity_id",
    "from",
    "to",
    "arrived_from",
    "arrived_to",
    "source",
    "event_type",
    "order",
    "status",
    "event_date",
    "min_lag",
    "min_lag_ms",
    "wait",
    "limit",
    "cursor",
];
/// Names of before, each with the one that is meant.
const ALIASES: &[(&str, &str)] = &[("until", "to"), ("ingested_from", "arrived_from"), ("ingested_to", "arrived_to")];
/// Where arrivals begin when nothing is said: no clock of a host was set before.
fn epoch() -> IngestTime {
    IngestTime::from_unix_ms(0).expect("1970 is a year that there is")
}

/// Where they end: they are cut at what is settled.
fn last() -> IngestTime {
    IngestTime::from_unix_ms(253_402_300_799_999).expect("the last millisecond of the year 9999")
}

const STATS: &[&str] = &["source", "event_type", "from", "to", "bucket"];

impl Question {
    /// Reads the parameters of `/events`.
    pub(crate) fn of_events(parameters: &Parameters) -> Result<Self, Complaint> {
        let given = Given::read(parameters, EVENTS, ALIASES)?;
        let any = |names: &[&str]| names.iter().any(|name| given.has(name));
        let query = if given.has("entity_id") {
            only(&given, "entity_id", BY_ENTITY)?;
            let (from, to) = (given.parsed("from", event_time)?, given.parsed("to", event_time)?);
            ordered(("from", from), ("to", to))?;
            let entity_id = given.required("entity_id", |value| name_of_at_most(value, MAX_ENTITY_ID_BYTES))?;
            Query::Entity { entity_id, from, to, status: given.parsed("status", outcome)? }
        } else if any(&["event_date", "min_lag", "min_lag_ms"]) {
            only(&given, "event_date", BY_LAG)?;
            if given.has("min_lag") && given.has("min_lag_ms") {
                return Err("`min_lag` and `min_lag_ms` say the same; send one of them".into());
            }
            Query::Lag {
                source: given.required("source", partition)?,
                event_type: given.required("event_type", partition)?,
                event_date: given.required("event_date", date)?,
                min_lag_ms: given.parsed("min_lag", lag)?.or(given.parsed("min_lag_ms", milliseconds)?),
            }
        } else if any(&["from", "to"]) {
            only(&given, "from", BY_EVENT_TIME)?;
            let (from, to) = (given.parsed("from", event_time)?, given.parsed("to", event_time)?);
            ordered(("from", from), ("to", to))?;
            Self::range(&given, Span::EventTime { from, to })?
        } else if any(&["arrived_from", "arrived_to", "source", "event_type", "order"]) {
            only(&given, "arrived_from", BY_ARRIVAL)?;
            let (from, to) = (given.parsed("arrived_from", bound)?, given.parsed("arrived_to", bound)?);
            ordered(("arrived_from", from), ("arrived_to", to))?;
            let span = Span::Arrival { from: from.unwrap_or_else(epoch), to: to.unwrap_or_else(last) };
            Self::range(&given, span)?
        } else {
            return Err("say what to look for: `entity_id`; `from` and `to`, or `arrived_from` and `arrived_to`, of all, \
                        of a `source` or of its `event_type`; `order=desc` for the latest; or `source`, `event_type` and \
                        `event_date`"
                .into());
        };
        let wait = given.parsed("wait", seconds)?.unwrap_or_default();
        if !wait.is_zero() && given.parsed("order", order)? == Some(Order::Descending) {
            return Err("`wait` does not go with `order=desc`; what arrives next is behind the newest".into());
        }
        Ok(Self { wait, ..Self::page(&given, query)? })
    }

    fn range(given: &Given<'_>, span: Span) -> Result<Query, Complaint> {
        let (source, event_type) = (given.parsed("source", partition)?, given.parsed("event_type", partition)?);
        let scope = match (source, event_type) {
            (None, None) => Scope::All,
            (Some(source), None) => Scope::Source { source },
            (Some(source), Some(event_type)) => Scope::Stream { source, event_type },
            (None, Some(_)) => return Err("`event_type` needs its `source`; `/streams` lists both".into()),
        };
        let order = given.parsed("order", order)?.unwrap_or_default();
        let status = given.parsed("status", outcome)?;
        Ok(match (&scope, span, order) {
            // The oldest question about arrivals; stores answer it from the index alone.
            (Scope::All, Span::Arrival { from, to }, Order::Ascending) => Query::Arrivals { from, to, status },
            _ => Query::Range(Range { scope, span, order, status }),
        })
    }

    /// Reads the parameters of `/events/{event_id}`.
    pub(crate) fn of_event(event_id: EventId, parameters: &Parameters) -> Result<Self, Complaint> {
        Self::page(&Given::read(parameters, PAGE, &[])?, Query::Duplicates { event_id })
    }

    fn page(given: &Given<'_>, query: Query) -> Result<Self, Complaint> {
        let limit = given.parsed("limit", limit)?.unwrap_or(DEFAULT_LIMIT);
        let (settled_until, after) = match given.parsed("cursor", |cursor| Ok(cursor.to_owned()))? {
            Some(cursor) => {
                let (settled_until, after) = cursor::read(&query, &cursor).map_err(|error| error.message())?;
                (settled_until, Some(after))
            }
            None => (None, None),
        };
        Ok(Self { query, settled_until, after, limit, wait: Duration::ZERO })
    }
}

/// A page of sources and types.
pub(crate) struct StreamsQuestion {
    pub(crate) after: Option<Position>,
    pub(crate) limit: usize,
}

impl StreamsQuestion {
    /// What cursors are bound to.
    pub(crate) const NAME: &str = "streams";

    /// Reads the parameters of `/streams`.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Complaint> {
        let given = Given::read(parameters, PAGE, &[])?;
        let after = match given.parsed("cursor", |cursor| Ok(cursor.to_owned()))? {
            Some(cursor) => Some(cursor::position(&Self::NAME, &cursor).map_err(|error| error.message())?),
            None => None,
        };
        Ok(Self { after, limit: given.parsed("limit", limit)?.unwrap_or(DEFAULT_LIMIT) })
    }
}

/// Reads the parameters of `/stats`.
pub(crate) fn of_stats(parameters: &Parameters) -> Result<StatsQuery, Complaint> {
    let given = Given::read(parameters, STATS, ALIASES)?;
    let (from, to) = (given.required("from", event_time)?, given.required("to", event_time)?);
    ordered(("from", Some(from)), ("to", Some(to)))?;
    let width = given.parsed("bucket", |value| value.parse().map_err(|error| format!("{error}").into()))?;
    let query = StatsQuery::new(
        given.required("source", partition)?,
        given.required("event_type", partition)?,
        from,
        to,
        width.unwrap_or(BucketWidth::Hour),
    );
    if query.buckets() > MAX_BUCKETS {
        return Err(format!(
            "more than {MAX_BUCKETS} buckets; move `from` and `to` together, or set `bucket` to `day`"
        )
        .into());
    }
    Ok(query)
}

/// An id in a path.
pub(crate) fn event_id(path: &str) -> Result<EventId, Complaint> {
    let segment = path.split('/').nth(2).unwrap_or_default();
    segment.parse().map_err(|_| "the event id in the path is not 64 lower-case hexadecimal digits; check it".into())
}

/// Refuses what does not belong to the question that `key` opens.
fn only(given: &Given<'_>, key: &str, names: &[&str]) -> Result<(), Complaint> {
    match given.names().find(|name| !names.contains(name) && !PAGE.contains(name)) {
        None => Ok(()),
        Some(stranger) => Err(format!(
            "`{stranger}` does not go with `{key}`; one question takes {}, beside `limit` and `cursor`",
            listed(names)
        )
        .into()),
    }
}

pub(super) fn ordered<T: PartialOrd>(from: (&str, Option<T>), to: (&str, Option<T>)) -> Result<(), Complaint> {
    match (from.1, to.1) {
        (Some(earlier), Some(later)) if earlier >= later => {
            Err(format!("`{}` is not before `{}`; nothing lies between them", from.0, to.0).into())
        }
        _ => Ok(()),
    }
}

fn event_time(value: &str) -> Result<EventTime, Complaint> {
    value.parse().map_err(|error| time_complaint(value, error))
}

/// A bound on ingest times, which have milliseconds: one of more digits is the next millisecond's, so that the same
/// times lie before it and from it on.
pub(super) fn bound(value: &str) -> Result<IngestTime, Complaint> {
    let time = event_time(value)?;
    let milliseconds = time.unix_seconds() * 1_000 + i64::from(time.subsecond_nanoseconds().div_ceil(1_000_000));
    IngestTime::from_unix_ms(milliseconds).ok_or_else(|| time_complaint(value, TimeError::OutOfRange))
}

fn time_complaint(value: &str, error: TimeError) -> Complaint {
    // Before an offset it was a plus sign that was not escaped.
    if value.contains(' ') {
        return "not a time; write ISO 8601 with a UTC offset, such as 2025-12-28T23:59:59Z, and a + of an offset as %2B"
            .into();
    }
    format!("not a time: {error}").into()
}

fn date(value: &str) -> Result<EventTime, Complaint> {
    let midnight = format!("{value}T00:00:00Z");
    let is_date = value.len() == 10 && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    midnight
        .parse()
        .ok()
        .filter(|_| is_date)
        .ok_or_else(|| "not a day that exists; write the UTC date of the event time as YYYY-MM-DD".into())
}

fn outcome(value: &str) -> Result<Outcome, Complaint> {
    let known = [Outcome::Accepted, Outcome::Duplicate];
    known.into_iter().find(|outcome| outcome.as_str() == value).ok_or_else(|| {
        "neither `ACCEPTED` nor `DUPLICATE`; write one of them in upper case, or leave it out for both".into()
    })
}

fn lag(value: &str) -> Result<i64, Complaint> {
    parse_lag(value).map_err(|error: ParseLagError| format!("{error}").into())
}

fn order(value: &str) -> Result<Order, Complaint> {
    value.parse().map_err(|error| format!("{error}").into())
}

fn seconds(value: &str) -> Result<Duration, Complaint> {
    let seconds = value.parse().ok().filter(|seconds| *seconds <= MAX_WAIT);
    let seconds = seconds.ok_or_else(|| format!("not a number of seconds from 0 to {MAX_WAIT}; write one"))?;
    Ok(Duration::from_secs(seconds))
}

fn milliseconds(value: &str) -> Result<i64, Complaint> {
    value.parse().map_err(|_| "not a whole number of milliseconds; write one, such as 60000 or -1".into())
}

pub(super) fn limit(value: &str) -> Result<usize, Complaint> {
    let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| format!("not a number from 1 to {MAX_LIMIT}; write one").into())
}

pub(super) fn partition(value: &str) -> Result<String, Complaint> {
    name_of_at_most(value, MAX_PARTITION_BYTES)
}

// Nothing that is stored could be found by it, and stores limit their keys.
fn name_of_at_most(value: &str, bytes: usize) -> Result<String, Complaint> {
    match value.len() {
        0 => Err("empty; write what events have there".into()),
        length if length > bytes => Err(format!("over {bytes} bytes, which no event has there; check it").into()),
        _ => Ok(value.to_owned()),
    }
}
