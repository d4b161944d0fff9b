//! The JSON of answers to batches.

use pik_core::{EventId, Outcome, RawKey};
use serde::Deserialize;

use crate::refusal::{Status, whole};
use crate::reply::Reply;
use crate::{Envelope, Error, Problem, Stored, Verdict};

/// What an answer to a batch says.
pub(crate) enum Told {
    /// One for each event, in order.
    Each(Vec<Verdict>),
    /// The host's own limit for a request: it takes smaller batches.
    TooLarge(Vec<Problem>),
}

#[derive(Deserialize)]
struct Batch {
    results: Vec<Entry>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct Entry {
    status: Status,
    event_id: Option<EventId>,
    ingest_lag_ms: Option<i64>,
    s3_key: Option<RawKey>,
    #[serde(default)]
    errors: Vec<Problem>,
    #[serde(default)]
    dry_run: bool,
}

/// Reads the answer to a batch of these events.
pub(crate) fn read(reply: Reply, events: &[&Envelope], dry_run: bool) -> Result<Told, Error> {
    // A batch with a failed event has a status of its own, and results all the same.
    let Ok(Batch { results, dry_run: was_dry }) = serde_json::from_slice(&reply.body) else {
        let status = reply.status;
        return match whole(&reply.body) {
            Some(whole) if status.as_u16() == 413 && whole.errors[0].code == "too_large" => {
                Ok(Told::TooLarge(whole.errors))
            }
            Some(_) | None => Err(reply.into_error()),
        };
    };
    let not_a_host = |reason: String| Error::NotAHost { status: reply.status.as_u16(), reason };
    let was_dry = was_dry || results.iter().any(|entry| entry.dry_run);
    match (dry_run, was_dry) {
        (false, true) => return Err(Error::NothingStored),
        (true, false) => return Err(Error::NotADryRun),
        (true, true) | (false, false) => {}
    }
    if results.len() != events.len() {
        return Err(not_a_host(format!("{} results for {} events", results.len(), events.len())));
    }
    let verdicts = results.into_iter().zip(events).map(|(entry, event)| verdict(entry, event, &not_a_host));
    verdicts.collect::<Result<_, _>>().map(Told::Each)
}

fn verdict(entry: Entry, event: &Envelope, not_a_host: &impl Fn(String) -> Error) -> Result<Verdict, Error> {
    let Entry { status, event_id, ingest_lag_ms, s3_key, errors, dry_run: _ } = entry;
    let stored = |status| {
        let (Some(event_id), Some(ingest_lag_ms), Some(raw_key)) = (event_id, ingest_lag_ms, s3_key) else {
            return Err(not_a_host("a result without event_id, ingest_lag_ms or s3_key".to_owned()));
        };
        if event_id != *event.id() {
            return Err(Error::OtherId { ours: *event.id(), theirs: event_id });
        }
        Ok(Verdict::Stored(Stored { event_id, status, ingest_lag_ms, raw_key }))
    };
    let no_reason = || not_a_host("a result with no reason".to_owned());
    match status {
        Status::Accepted => stored(Outcome::Accepted),
        Status::Duplicate => stored(Outcome::Duplicate),
        Status::Rejected if errors.is_empty() => Err(no_reason()),
        Status::Rejected => Ok(Verdict::Rejected(errors)),
        Status::Error => errors.into_iter().next().map(Verdict::Failed).ok_or_else(no_reason),
    }
}
