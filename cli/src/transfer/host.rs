//! A host, by batches.

use std::thread;

use anyhow::{Result, bail};
use pik_core::{EventId, RawKey};
use serde::Deserialize;
use ureq::http::StatusCode;

use super::{Fate, Object, Sink};
use crate::remote::{Remote, Reply};
use crate::send::Pace;

/// The most bytes of events in a request.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Sends events, one request at a time, so that they arrive in order.
pub(crate) struct Host {
    pub(crate) remote: Remote,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    status: Status,
    event_id: Option<EventId>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Accepted,
    Duplicate,
    Rejected,
    Error,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    message: String,
}

impl Host {
    /// Sends until each object has its fate. What has one is not sent again, so that a retry adds no duplicate.
    fn settle(&self, objects: &[Object]) -> Result<Vec<Fate>> {
        let mut fates: Vec<Option<Fate>> = vec![None; objects.len()];
        let mut retry = 0;
        loop {
            let open: Vec<usize> = (0..objects.len()).filter(|place| fates[*place].is_none()).collect();
            if open.is_empty() {
                return Ok(fates.into_iter().flatten().collect());
            }
            let batch: Vec<&Object> = open.iter().map(|place| &objects[*place]).collect();
            let (why, asked) = match self.remote.post("/ingest/batch", "application/json", &array(&batch)) {
                Err(error) => (format!("{error:#}"), None),
                Ok(reply) => {
                    let asked = reply.retry_after;
                    match self.read(&reply, &batch)? {
                        Told::Later(why) => (why, asked),
                        Told::TooLarge if batch.len() == 1 => {
                            fates[open[0]] = Some(Fate::Refused(reply.complaint()));
                            continue;
                        }
                        Told::TooLarge => {
                            let (first, second) = objects.split_at(objects.len().div_ceil(2));
                            return Ok([self.settle(first)?, self.settle(second)?].concat());
                        }
                        Told::Each(told, why) => {
                            for (place, fate) in open.into_iter().zip(told) {
                                fates[place] = fate;
                            }
                            (why, asked)
                        }
                    }
                }
            };
            if fates.iter().all(Option::is_some) {
                continue;
            }
            retry += 1;
            match Pace::PATIENT.wait(retry, asked, fastrand::f64()) {
                Some(wait) => thread::sleep(wait),
                None => bail!("giving up: {why}; run the same command again when the host takes events"),
            }
        }
    }

    fn read(&self, reply: &Reply, batch: &[&Object]) -> Result<Told> {
        if reply.status == StatusCode::PAYLOAD_TOO_LARGE {
            return Ok(Told::TooLarge);
        }
        // A batch with a failed event has a status of its own, and results all the same.
        let Ok(Answer { results }) = serde_json::from_slice(&reply.body) else {
            if reply.may_pass() {
                return Ok(Told::Later(reply.complaint()));
            }
            bail!("{}: {}", self.remote.base(), reply.complaint());
        };
        if results.len() != batch.len() {
            bail!("{} results for {} events; is {} a pik host?", results.len(), batch.len(), self.remote.base());
        }
        let mut why = String::new();
        let mut fates = Vec::with_capacity(results.len());
        for (entry, object) in results.into_iter().zip(batch) {
            let problem = entry.errors.first().map(|Problem { code, message }| format!("{code}: {message}"));
            fates.push(match entry.status {
                Status::Accepted => Some(same(&object.key, entry.event_id, Fate::New)?),
                Status::Duplicate => Some(same(&object.key, entry.event_id, Fate::Known)?),
                Status::Rejected => Some(Fate::Refused(problem.unwrap_or_default())),
                Status::Error => {
                    why = problem.unwrap_or_default();
                    None
                }
            });
        }
        Ok(Told::Each(fates, why))
    }
}

enum Told {
    /// `None` for what failed, with a reason.
    Each(Vec<Option<Fate>>, String),
    Later(String),
    TooLarge,
}

/// A host that gives the same bytes another id keeps another contract; nothing more should go there.
fn same(key: &RawKey, id: Option<EventId>, fate: Fate) -> Result<Fate> {
    let ours = key.partition().event_id;
    match id {
        Some(id) if id == ours => Ok(fate),
        Some(id) => {
            bail!("the target gave {ours} the id {id}; it does not keep this contract, so nothing more was sent")
        }
        None => bail!("the target gave {ours} no id; is it a pik host?"),
    }
}

/// An array, because raw objects may span lines.
fn array(batch: &[&Object]) -> Vec<u8> {
    let mut body = Vec::with_capacity(batch.iter().map(|object| object.raw.len() + 1).sum::<usize>() + 2);
    body.push(b'[');
    for (place, object) in batch.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&object.raw);
    }
    body.push(b']');
    body
}

impl Sink for Host {
    fn deliver(&mut self, objects: &[Object]) -> Result<Vec<Fate>> {
        let mut fates = Vec::with_capacity(objects.len());
        let mut rest = objects;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take_while(|object| {
                bytes += object.raw.len() + 1;
                bytes <= BATCH_BYTES
            });
            let count = fitting.count().max(1);
            let (batch, behind) = rest.split_at(count);
            fates.append(&mut self.settle(batch)?);
            rest = behind;
        }
        Ok(fates)
    }
}
