//! Answers of a host, over its HTTP API.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use pik_core::{Bucket, EventId, IngestTime, Outcome, Query, RawKey, Record, StatsQuery};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::StatusCode;

use super::source::{Found, Source};
use crate::remote::{Remote, Reply};

/// The most records that a host gives at once.
const MAX_LIMIT: usize = 1_000;
const A_DAY: Duration = Duration::from_secs(86_400);
/// Raw objects are asked for one by one, so many at once.
const SIDE_BY_SIDE: usize = 8;

/// A host.
pub(crate) struct HttpSource {
    host: Remote,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Record>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    event: Record,
    duplicates: Vec<Record>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Stats {
    buckets: Vec<Bucket>,
}

impl HttpSource {
    pub(crate) fn new(host: Remote) -> Self {
        Self { host }
    }

    fn raw(&self, key: &RawKey) -> Result<Option<Vec<u8>>> {
        let reply = self.host.get(&format!("/events/{}/raw", key.partition().event_id), &[])?;
        Ok(self.unless_missing(reply)?.map(|reply| reply.body))
    }

    fn ask<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, String)]) -> Result<Option<T>> {
        let reply = self.host.get(path, parameters)?;
        let Some(reply) = self.unless_missing(reply)? else { return Ok(None) };
        let read = serde_json::from_slice(&reply.body);
        read.map(Some).with_context(|| format!("{} does not answer as a pik host does", self.host.base()))
    }

    fn unless_missing(&self, reply: Reply) -> Result<Option<Reply>> {
        match reply.status {
            StatusCode::OK => Ok(Some(reply)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => bail!("{}: {}", self.host.base(), reply.complaint()),
        }
    }

    fn page(&self, path: &str, parameters: &[(&str, String)]) -> Result<Events> {
        self.ask(path, parameters)?.with_context(|| format!("{} has no {path}; is it a pik host?", self.host.base()))
    }
}

impl Source for HttpSource {
    fn records(&self, query: &Query, after: Option<&str>, limit: usize) -> Result<Found<Record>> {
        let mut parameters = parameters(query);
        parameters.push(("limit", limit.clamp(1, MAX_LIMIT).to_string()));
        parameters.extend(after.map(|cursor| ("cursor", cursor.to_owned())));
        if let Query::Duplicates { event_id } = query {
            let event: Option<Event> = self.ask(&format!("/events/{event_id}"), &parameters)?;
            return Ok(event.map_or(Found { items: Vec::new(), next: None }, |event| Found {
                items: event.duplicates,
                next: event.next_cursor,
            }));
        }
        let page = self.page("/events", &parameters)?;
        Ok(Found { items: page.events, next: page.next_cursor })
    }

    fn find(&self, id: &EventId) -> Result<Option<Record>> {
        let event: Option<Event> = self.ask(&format!("/events/{id}"), &[("limit", "1".to_owned())])?;
        Ok(event.map(|event| event.event))
    }

    fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>> {
        let Some(last) = query.starts().last() else { return Ok(Vec::new()) };
        // Any instant of the last bucket behind its start asks for the whole of it, in the year 9999 too.
        let end = pik_core::EventTime::from_unix(last.unix_seconds(), 1).unwrap_or(last);
        let parameters = [
            ("source", query.source.clone()),
            ("event_type", query.event_type.clone()),
            ("from", query.start().to_string()),
            ("to", end.to_string()),
            ("bucket", query.width.as_str().to_owned()),
        ];
        let stats: Option<Stats> = self.ask("/stats", &parameters)?;
        Ok(stats.with_context(|| format!("{} has no /stats; is it a pik host?", self.host.base()))?.buckets)
    }

    fn keys(&self, after: Option<&str>) -> Result<Found<RawKey>> {
        // Until tomorrow, as no clock is that far ahead: a host may have to look into each day of a window.
        let tomorrow = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")? + A_DAY;
        let to = i64::try_from(tomorrow.as_millis()).ok().and_then(IngestTime::from_unix_ms);
        let (Some(from), Some(to)) = (IngestTime::from_unix_ms(0), to) else {
            bail!("the clock stands behind the year 9999")
        };
        let ever = Query::Arrivals { from, to, status: Some(Outcome::Accepted) };
        let page = self.records(&ever, after, MAX_LIMIT)?;
        Ok(Found { items: page.items.into_iter().map(|record| record.raw_key).collect(), next: page.next })
    }

    fn contents(&self, keys: &[RawKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let share = keys.len().div_ceil(SIDE_BY_SIDE).max(1);
        let shares: Vec<Result<Vec<Option<Vec<u8>>>>> = thread::scope(|scope| {
            let asked: Vec<_> =
                keys.chunks(share).map(|keys| scope.spawn(|| keys.iter().map(|key| self.raw(key)).collect())).collect();
            // A panic there is one here.
            asked
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut contents = Vec::with_capacity(keys.len());
        for share in shares {
            contents.append(&mut share?);
        }
        Ok(contents)
    }
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
        Query::Duplicates { .. } => {}
    }
    parameters
}
