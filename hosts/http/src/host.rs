//! What the Router needs of the host it runs in.

use core::future::{Future, ready};
use core::time::Duration;
use std::sync::Arc;

use crate::{Exchange, Meter, Rate, TokenName, Written};

/// What the Router alone knows of the work under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// The bytes that bodies under way take of [`Config::max_bytes_under_way`](crate::Config::max_bytes_under_way).
    pub body_bytes: usize,
    /// That limit.
    pub max_body_bytes: usize,
}

/// Clocks, randomness, a place for long work, and a place for observations.
pub trait Host: Send + Sync + 'static {
    /// The UTC clock, in milliseconds since 1970.
    fn now_ms(&self) -> i64;

    /// A clock that never goes back, since any fixed moment. Latencies are differences of it.
    fn monotonic(&self) -> Duration;

    /// A random number, different for each request: it tells two attempts with the same request id apart.
    fn nonce(&self) -> u64;

    /// An id for a request that came without a usable one: 1 to 128 printable ASCII characters, no space, quote or
    /// backslash.
    fn request_id(&self) -> String {
        format!("{:016x}{:016x}", self.nonce(), self.nonce())
    }

    /// Runs work that may take many milliseconds, such as inflating a body. A host with I/O threads runs it elsewhere, so
    /// that other requests go on.
    fn offload<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> impl Future<Output = T> + Send {
        ready(work())
    }

    /// Waits so long, and says whether a request may go on waiting: not on a host that cannot wait, or that is about to stop.
    fn pause(&self, _time: Duration) -> impl Future<Output = bool> + Send {
        ready(false)
    }

    /// What counts the bodies of a token with limits: always the same for a token, unless its rates changed. A host without
    /// one has no limits.
    fn meter(&self, token: &TokenName, events: Option<Rate>, bytes: Option<Rate>) -> Option<Arc<dyn Meter>> {
        let _ = (token, events, bytes);
        None
    }

    /// The host's counters in Prometheus's text format, for `/metrics`; or why there are none. Asked only where
    /// [`Config::metrics`](crate::Config::metrics) or [`Surface::Metrics`](crate::Surface::Metrics) says that they are
    /// served.
    fn metrics(&self, load: Load) -> Result<String, String> {
        let _ = load;
        Err("this host has no metrics to read".to_owned())
    }

    /// Takes note of a request that was answered, for logs and metrics. Called once a request, before the answer is
    /// sent: it must not wait for anything.
    fn observe(&self, exchange: &Exchange<'_>);

    /// Takes note of evidence of refused events that was written, or could not be.
    fn evidence(&self, written: &Written<'_>) {
        let _ = written;
    }
}
