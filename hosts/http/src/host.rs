//! What the Router needs of the host it runs in.

use core::time::Duration;

use crate::Exchange;

/// Clocks, randomness and a place for observations.
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

    /// Takes note of a request that was answered, for logs and metrics. Called once a request, before the answer is
    /// sent; whatever takes long belongs elsewhere.
    fn observe(&self, exchange: &Exchange<'_>);
}
