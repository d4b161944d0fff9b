//! Questions to a host.

use std::time::Duration;

use pik_core::{
    Bucket, EventId, EventTime, IngestTime, Page, Position, Query, Record, RejectedHour, RejectedHours, RejectionQuery,
    RejectionRecord, Span, StatsQuery, Stream,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ureq::http::StatusCode;

use crate::reply::Reply;
use crate::{Client, Error};

/// The most records that a host gives at once.
const MAX_LIMIT: usize = 1_000;
const LOOKUP: &str = "/events/lookup";
const RAW: &str = "/events/raw";
/// The most raw objects that a host gives at once.
const MAX_RAW: usize = 250;
/// No event time is before this one.
const EARLIEST: &str = "0001-01-01T00:00:00Z";
/// The longest that a host waits.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// A question is asked again at most this often. A person waits for its answer.
const MAX_RETRIES: u32 = 3;

/// Some of the records that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The records, and the cursor of the next page.
    pub page: Page<Record>,
    /// Only where arrivals are asked for: no window of arrivals that ends here or earlier ever gains a record, and nothing
    /// beyond is shown. Ask for the next window from here on, or from the end of this one where that is earlier.
    pub settled_until: Option<IngestTime>,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Record>,
    next_cursor: Option<Position>,
    settled_until: Option<IngestTime>,
}

#[derive(Deserialize)]
struct Event {
    event: Record,
    duplicates: Vec<Record>,
    next_cursor: Option<Position>,
}

#[derive(Serialize)]
struct Wanted<'a> {
    event_ids: &'a [EventId],
}

#[derive(Deserialize)]
struct Lookup {
    results: Vec<LookedUp>,
}

#[derive(Deserialize)]
struct LookedUp {
    event_id: EventId,
    event: Option<Record>,
}

#[derive(Deserialize)]
struct RawObjects {
    results: Vec<RawOf>,
}

#[derive(Deserialize)]
struct RawOf {
    event_id: EventId,
    raw: Option<String>,
    /// Its bytes are damaged, and no text.
    #[serde(default)]
    not_text: bool,
}

#[derive(Deserialize)]
struct Streams {
    streams: Vec<Stream>,
    next_cursor: Option<Position>,
}

#[derive(Deserialize)]
struct Stats {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Rejections {
    rejections: Vec<RejectionRecord>,
    next_cursor: Option<Position>,
}

#[derive(Deserialize)]
struct RejectionHours {
    hours: Vec<RejectedHour>,
}

impl Client {
    /// At most `limit` records of a query, at most 1,000, behind the cursor of the page before.
    pub fn records(&self, query: &Query, cursor: Option<&Position>, limit: usize) -> Result<Found, Error> {
        self.records_after(query, cursor, limit, Duration::ZERO)
    }

    /// [`Client::records`] of a question about arrivals, the earliest first: if there is none yet, the host waits for one,
    /// at most 30 seconds.
    pub fn wait_for_records(&self, query: &Query, limit: usize, wait: Duration) -> Result<Found, Error> {
        self.records_after(query, None, limit, wait.min(MAX_WAIT))
    }

    fn records_after(
        &self,
        query: &Query,
        cursor: Option<&Position>,
        limit: usize,
        wait: Duration,
    ) -> Result<Found, Error> {
        let mut parameters = parameters(query);
        if !wait.is_zero() {
            parameters.push(("wait", wait.as_secs().to_string()));
        }
        parameters.push(("limit", limit.clamp(1, MAX_LIMIT).to_string()));
        parameters.extend(cursor.map(|cursor| ("cursor", cursor.as_str().to_owned())));
        if let Query::Duplicates { event_id } = query {
            let found: Option<Event> = self.get(&format!("/events/{event_id}"), &parameters)?.map(read).transpose()?;
            let page = found.map_or(Page { items: Vec::new(), next: None }, |found| Page {
                items: found.duplicates,
                next: found.next_cursor,
            });
            return Ok(Found { page, settled_until: None });
        }
        let found: Events = self.ask("/events", &parameters)?;
        let page = Page { items: found.events, next: found.next_cursor };
        Ok(Found { page, settled_until: found.settled_until })
    }

    /// The record of an event's first occurrence; `None` when there is none.
    pub fn event(&self, id: &EventId) -> Result<Option<Record>, Error> {
        let reply = self.get(&format!("/events/{id}"), &[("limit", "1".to_owned())])?;
        let found: Option<Event> = reply.map(read).transpose()?;
        Ok(found.map(|found| found.event))
    }

    /// The records of the first occurrences of these events, one for each id, in order; `None` where there is none. Asks for
    /// 1,000 at a time.
    pub fn lookup(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, Error> {
        let mut records = Vec::with_capacity(ids.len());
        for ids in ids.chunks(MAX_LIMIT) {
            let body = serde_json::to_vec(&Wanted { event_ids: ids }).expect("ids are texts");
            let post = || self.connection.post(LOOKUP, "application/json", &body);
            let found: Lookup = need(LOOKUP, self.repeat(post)?)?;
            let is_asked_for = |(result, id): (&LookedUp, &EventId)| {
                result.event_id == *id && result.event.as_ref().is_none_or(|event| event.event_id == *id)
            };
            if found.results.len() != ids.len() || !found.results.iter().zip(ids).all(is_asked_for) {
                let reason = "an answer about other events than were asked for".to_owned();
                return Err(Error::NotAHost { status: 200, reason });
            }
            records.extend(found.results.into_iter().map(|result| result.event));
        }
        Ok(records)
    }

    /// The bytes of an event as the host has them; `None` when there are none. They are not checked against the id.
    pub fn raw(&self, id: &EventId) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.get(&format!("/events/{id}/raw"), &[])?.map(|reply| reply.body))
    }

    /// [`Client::raw`] of several events, one for each id, in order. Asks for 250 at a time, and one by one where a host is too
    /// old for that.
    pub fn raw_many(&self, ids: &[EventId]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let mut objects = Vec::with_capacity(ids.len());
        while let Some(ids) = ids.get(objects.len()..).filter(|ids| !ids.is_empty()) {
            let ids = &ids[..ids.len().min(MAX_RAW)];
            let body = serde_json::to_vec(&Wanted { event_ids: ids }).expect("ids are texts");
            let reply = match self.repeat(|| self.connection.post(RAW, "application/json", &body)) {
                // To a host without it, the path is that of an event, which is not posted.
                Err(Error::Refused { status: 405, .. }) => None,
                reply => reply?,
            };
            let Some(reply) = reply else {
                for id in ids {
                    objects.push(self.raw(id)?);
                }
                continue;
            };
            let found: RawObjects = read(reply)?;
            let is_asked_for = |(result, id): (&RawOf, &EventId)| result.event_id == *id;
            if found.results.is_empty()
                || found.results.len() > ids.len()
                || !found.results.iter().zip(ids).all(is_asked_for)
            {
                let reason = "an answer about other events than were asked for".to_owned();
                return Err(Error::NotAHost { status: 200, reason });
            }
            for RawOf { event_id, raw, not_text } in found.results {
                objects.push(if not_text { self.raw(&event_id)? } else { raw.map(String::into_bytes) });
            }
        }
        Ok(objects)
    }

    /// Every bucket of a query.
    pub fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, Error> {
        let Some(last) = query.starts().last() else { return Ok(Vec::new()) };
        // Any instant of the last bucket behind its start asks for the whole of it, in the year 9999 too.
        let end = EventTime::from_unix(last.unix_seconds(), 1).unwrap_or(last);
        let parameters = [
            ("source", query.source.clone()),
            ("event_type", query.event_type.clone()),
            ("from", query.start().to_string()),
            ("to", end.to_string()),
            ("bucket", query.width.as_str().to_owned()),
        ];
        let stats: Stats = self.ask("/stats", &parameters)?;
        Ok(stats.buckets)
    }

    /// At most `limit` of the sources and types that there are, at most 1,000, behind the cursor of the page before.
    pub fn streams(&self, cursor: Option<&Position>, limit: usize) -> Result<Page<Stream>, Error> {
        let mut parameters = vec![("limit", limit.clamp(1, MAX_LIMIT).to_string())];
        parameters.extend(cursor.map(|cursor| ("cursor", cursor.as_str().to_owned())));
        let found: Streams = self.ask("/streams", &parameters)?;
        Ok(Page { items: found.streams, next: found.next_cursor })
    }

    /// At most `limit` records of refused events, at most 1,000, newest first, behind the cursor of the page before.
    pub fn rejections(
        &self,
        query: &RejectionQuery,
        cursor: Option<&Position>,
        limit: usize,
    ) -> Result<Page<RejectionRecord>, Error> {
        let RejectionQuery { from, to, source, code } = query;
        let mut parameters =
            vec![("from", from.to_string()), ("to", to.to_string()), ("limit", limit.clamp(1, MAX_LIMIT).to_string())];
        parameters.extend(source.clone().map(|source| ("source", source)));
        parameters.extend(code.map(|code| ("code", code.to_string())));
        parameters.extend(cursor.map(|cursor| ("cursor", cursor.as_str().to_owned())));
        let found: Rejections = self.ask("/rejections", &parameters)?;
        Ok(Page { items: found.rejections, next: found.next_cursor })
    }

    /// How many events were refused, by hour and code.
    pub fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, Error> {
        let RejectedHours { from, to, source, event_type } = query;
        let mut parameters = vec![("from", from.to_string()), ("to", to.to_string())];
        parameters.extend(source.clone().map(|source| ("source", source)));
        parameters.extend(event_type.clone().map(|event_type| ("event_type", event_type)));
        let found: RejectionHours = self.ask("/rejections/stats", &parameters)?;
        Ok(found.hours)
    }

    fn ask<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, String)]) -> Result<T, Error> {
        need(path, self.get(path, parameters)?)
    }

    /// `None` for 404.
    fn get(&self, path: &str, parameters: &[(&str, String)]) -> Result<Option<Reply>, Error> {
        self.repeat(|| self.connection.get(path, parameters))
    }

    /// `None` for 404. A host that is there and cannot answer now is asked again.
    fn repeat(&self, ask: impl Fn() -> Result<Reply, Error>) -> Result<Option<Reply>, Error> {
        let mut retry = 0;
        loop {
            let reply = ask()?;
            match reply.status {
                StatusCode::OK => return Ok(Some(reply)),
                StatusCode::NOT_FOUND => return Ok(None),
                _ => {}
            }
            let asked = reply.retry_after(self.timer.now());
            let error = reply.into_error();
            retry += 1;
            match self.backoff.wait(retry, asked, self.timer.random()) {
                Some(wait) if error.may_pass() && retry <= MAX_RETRIES => self.timer.sleep(wait),
                Some(_) | None => return Err(error),
            }
        }
    }
}

fn need<T: DeserializeOwned>(path: &str, reply: Option<Reply>) -> Result<T, Error> {
    read(reply.ok_or_else(|| Error::NotAHost { status: 404, reason: format!("there is no {path}") })?)
}

fn read<T: DeserializeOwned>(reply: Reply) -> Result<T, Error> {
    let reason = "an answer that is not a host's".to_owned();
    serde_json::from_slice(&reply.body).map_err(|_| Error::NotAHost { status: reply.status.as_u16(), reason })
}

fn parameters(query: &Query) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    match query {
        Query::Entity { entity_id, from, to, status } => {
            parameters.push(("entity_id", entity_id.clone()));
            parameters.extend(from.map(|from| ("from", from.to_string())));
            parameters.extend(to.map(|to| ("to", to.to_string())));
            parameters.extend(status.map(|status| ("status", status.as_str().to_owned())));
        }
        Query::Lag { source, event_type, event_date, min_lag_ms } => {
            parameters.push(("source", source.clone()));
            parameters.push(("event_type", event_type.clone()));
            parameters.push(("event_date", event_date.date().to_string()));
            parameters.extend(min_lag_ms.map(|lag| ("min_lag_ms", lag.to_string())));
        }
        Query::Arrivals { from, to, status } => {
            parameters.push(("ingested_from", from.to_string()));
            parameters.push(("ingested_to", to.to_string()));
            parameters.extend(status.map(|status| ("status", status.as_str().to_owned())));
        }
        Query::Range(range) => {
            let (source, event_type) = range.scope.names();
            parameters.extend(source.map(|source| ("source", source.to_owned())));
            parameters.extend(event_type.map(|event_type| ("event_type", event_type.to_owned())));
            match range.span {
                Span::EventTime { from, to } => {
                    // Without a bound it would be a question about arrivals.
                    parameters.push(("from", from.map_or_else(|| EARLIEST.to_owned(), |from| from.to_string())));
                    parameters.extend(to.map(|to| ("to", to.to_string())));
                }
                Span::Arrival { from, to } => {
                    parameters.push(("arrived_from", from.to_string()));
                    parameters.push(("arrived_to", to.to_string()));
                }
            }
            parameters.push(("order", range.order.as_str().to_owned()));
            parameters.extend(range.status.map(|status| ("status", status.as_str().to_owned())));
        }
        Query::Duplicates { .. } => {}
    }
    parameters
}
