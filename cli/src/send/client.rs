//! One request, and what its answer means.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::StatusCode;

use super::Batch;
use crate::remote::{self, Remote};

/// Where to send, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The host, such as `https://events.example`.
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    pub(crate) dry_run: bool,
}

/// A host that batches are sent to.
pub(crate) struct Client {
    remote: Remote,
    path: &'static str,
}

/// What a request came to.
pub(crate) enum Reply {
    /// One for each event, in order.
    Each(Vec<Verdict>, Option<Duration>),
    /// Nothing is known of any event; it may be tried again.
    Later(String, Option<Duration>),
    /// The host takes smaller batches only.
    TooLarge(Vec<Problem>),
    /// The host refuses whatever is sent this way.
    Refused(String),
}

/// What became of one event.
pub(crate) enum Verdict {
    Accepted,
    Duplicate,
    Rejected(Vec<Problem>),
    /// May be tried again.
    Error(String),
}

/// An entry of `errors`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Problem {
    code: String,
    path: String,
    message: String,
}

/// As the core prints its own.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, path, message } = self;
        if path.is_empty() { write!(f, "{code}: {message}") } else { write!(f, "{code} at {path}: {message}") }
    }
}

#[derive(Deserialize)]
struct Answer {
    results: Option<Vec<Entry>>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Entry {
    status: EntryStatus,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum EntryStatus {
    Accepted,
    Duplicate,
    Rejected,
    Error,
}

impl Client {
    /// A client for a host; fails on a URL that cannot be right.
    pub(crate) fn new(target: &Target) -> anyhow::Result<Self> {
        let remote = Remote::new(&target.url, target.token.as_deref())?;
        Ok(Self { remote, path: if target.dry_run { "/ingest/batch?dry_run=true" } else { "/ingest/batch" } })
    }

    /// Sends a batch once.
    pub(crate) fn send(&self, batch: &Batch) -> Reply {
        let (content_type, body) = batch.request();
        match self.remote.post(self.path, content_type, &body) {
            Ok(reply) => read(&reply, batch.len()),
            Err(error) => Reply::Later(format!("{error:#}"), None),
        }
    }
}

fn read(reply: &remote::Reply, events: usize) -> Reply {
    let (status, retry_after) = (reply.status, reply.retry_after);
    let answer: Option<Answer> = serde_json::from_slice(&reply.body).ok();
    let told = |errors: &[Problem]| match errors.first() {
        Some(problem) => format!("HTTP {}, {}", status.as_u16(), problem),
        None => format!("HTTP {}", status.as_u16()),
    };
    match answer {
        // A batch with a failed event has a status of its own, and results all the same.
        Some(Answer { results: Some(results), .. }) if results.len() == events => {
            Reply::Each(results.into_iter().map(verdict).collect(), retry_after)
        }
        Some(Answer { results: Some(results), .. }) => {
            Reply::Refused(format!("{} results for {events} events; is this a pik host?", results.len()))
        }
        Some(answer) if status == StatusCode::PAYLOAD_TOO_LARGE => Reply::TooLarge(answer.errors),
        answer => {
            let why = told(answer.as_ref().map_or(&[], |answer| &answer.errors));
            if reply.may_pass() { Reply::Later(why, retry_after) } else { Reply::Refused(why) }
        }
    }
}

fn verdict(entry: Entry) -> Verdict {
    match entry.status {
        EntryStatus::Accepted => Verdict::Accepted,
        EntryStatus::Duplicate => Verdict::Duplicate,
        EntryStatus::Rejected => Verdict::Rejected(entry.errors),
        EntryStatus::Error => {
            Verdict::Error(entry.errors.first().map_or_else(|| "no reason given".to_owned(), ToString::to_string))
        }
    }
}
