//! One request, and what its answer means.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use ureq::Agent;
use ureq::http::{StatusCode, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};

use super::Batch;

/// A batch that nobody answers within this time is tried again.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Answers are some hundred bytes an event.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// Where to send, and as whom.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The host, such as `https://events.example`.
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    pub(crate) dry_run: bool,
}

/// A connection pool to one host.
pub(crate) struct Client {
    agent: Agent,
    endpoint: String,
    authorization: Option<String>,
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
        let base = target.url.trim_end_matches('/');
        let uri: Uri = base.parse().with_context(|| format!("`{base}` is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() || uri.query().is_some() {
            bail!("`{base}` is not the URL of a host; write one such as http://127.0.0.1:8080");
        }
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("pik/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        let dry_run = if target.dry_run { "?dry_run=true" } else { "" };
        Ok(Self {
            agent: config.into(),
            endpoint: format!("{base}/ingest/batch{dry_run}"),
            authorization: target.token.as_ref().map(|token| format!("Bearer {token}")),
        })
    }

    /// Sends a batch once.
    pub(crate) fn send(&self, batch: &Batch) -> Reply {
        match self.request(batch) {
            Ok((status, retry_after, body)) => read(status, retry_after, &body, batch.len()),
            Err(error) => Reply::Later(format!("{}: {error}", self.endpoint), None),
        }
    }

    fn request(&self, batch: &Batch) -> Result<(StatusCode, Option<Duration>, Vec<u8>), ureq::Error> {
        let (content_type, body) = batch.request();
        let mut request = self.agent.post(&self.endpoint).header(header::CONTENT_TYPE, content_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let mut response = request.send(body)?;
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok((response.status(), retry_after, body))
    }
}

fn read(status: StatusCode, retry_after: Option<Duration>, body: &[u8], events: usize) -> Reply {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
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
            if may_pass(status) { Reply::Later(why, retry_after) } else { Reply::Refused(why) }
        }
    }
}

/// Whether the same request may fare better later. A proxy answers 429, 502 or 504 where the host itself would not.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
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
