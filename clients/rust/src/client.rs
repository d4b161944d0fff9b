//! A client of one host.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::Connection;
use crate::reply::Reply;
use crate::{Backoff, Envelope, Error, SystemTimer, Timer};

/// Events of a request, unless the builder says otherwise.
const MAX_EVENTS: usize = 500;
/// Bytes of a request: well under what a host takes, and enough to make requests cheap.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// An answer that does not come within this time does not come.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A client of one host. Calls block; a client may be shared between threads.
pub struct Client {
    pub(crate) connection: Connection,
    pub(crate) dry_run: bool,
    pub(crate) backoff: Backoff,
    pub(crate) timer: Arc<dyn Timer>,
    max_events: usize,
    max_bytes: usize,
}

/// What a client is made of.
#[derive(Clone)]
#[must_use]
pub struct Builder {
    url: String,
    token: Option<String>,
    user_agent: String,
    timeout: Duration,
    dry_run: bool,
    backoff: Backoff,
    timer: Arc<dyn Timer>,
    max_events: usize,
    max_bytes: usize,
}

impl Client {
    /// A client without a token, of the host at a URL such as `https://events.example`.
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// A client with more to say.
    pub fn builder(url: &str) -> Builder {
        Builder {
            url: url.to_owned(),
            token: None,
            user_agent: concat!("pik-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout: TIMEOUT,
            dry_run: false,
            backoff: Backoff::default(),
            timer: Arc::new(SystemTimer),
            max_events: MAX_EVENTS,
            max_bytes: MAX_BYTES,
        }
    }

    /// The URL of the host, without a slash at its end.
    pub fn url(&self) -> &str {
        self.connection.base()
    }

    /// The places of the events, in parts that fit into one request each.
    pub(crate) fn parts(&self, events: &[Envelope]) -> Vec<Vec<usize>> {
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut bytes = 0;
        for (place, event) in events.iter().enumerate() {
            let more = event.raw().len() + 1;
            match parts.last_mut() {
                Some(part) if part.len() < self.max_events && bytes + more <= self.max_bytes => {
                    part.push(place);
                    bytes += more;
                }
                Some(_) | None => {
                    parts.push(vec![place]);
                    bytes = more;
                }
            }
        }
        parts
    }

    /// Sends a batch once.
    pub(crate) fn post(&self, batch: &[&Envelope]) -> Result<Reply, Error> {
        let path = if self.dry_run { "/ingest/batch?dry_run=true" } else { "/ingest/batch" };
        // An event that spans lines is no line of NDJSON; its bytes are to stay as they are.
        if batch.iter().any(|event| event.raw().contains(&b'\n')) {
            return self.connection.post(path, "application/json", &framed(batch, b"[", b",", b"]"));
        }
        self.connection.post(path, "application/x-ndjson", &framed(batch, b"", b"\n", b"\n"))
    }
}

fn framed(batch: &[&Envelope], before: &[u8], between: &[u8], after: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(batch.iter().map(|event| event.raw().len() + 1).sum::<usize>() + 2);
    body.extend_from_slice(before);
    for (place, event) in batch.iter().enumerate() {
        if place > 0 {
            body.extend_from_slice(between);
        }
        body.extend_from_slice(event.raw());
    }
    body.extend_from_slice(after);
    body
}

/// Without the token.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url()).field("dry_run", &self.dry_run).finish_non_exhaustive()
    }
}

impl Builder {
    /// The bearer token.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Whether the host only checks events and looks them up. Then it writes nothing.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// How to try again.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long one request may take, its answer included. 120 s when not said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The most events of one request, at least 1. 500 when not said.
    pub fn max_events(mut self, max_events: usize) -> Self {
        self.max_events = max_events.max(1);
        self
    }

    /// The most bytes of one request, unless one event alone has more. 4 MiB when not said.
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The `User-Agent` of requests.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The clock, the pauses and the randomness.
    pub fn timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = timer;
        self
    }

    /// The client. Nothing is sent yet; fails on a URL or token that cannot be right.
    pub fn build(self) -> Result<Client, Error> {
        let connection = Connection::new(&self.url, self.token.as_deref(), &self.user_agent, self.timeout)?;
        Ok(Client {
            connection,
            dry_run: self.dry_run,
            backoff: self.backoff,
            timer: self.timer,
            max_events: self.max_events,
            max_bytes: self.max_bytes,
        })
    }
}
