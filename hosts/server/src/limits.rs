//! How much of everything the server takes on.

use std::time::Duration;

/// How much of everything the server takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first byte of a request to the end of its head.
    pub header: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// From the end of the head to the answer.
    pub request: Duration,
    /// Between two requests, or without progress in sending an answer.
    pub idle: Duration,
    /// From the signal to stop to the last answer.
    pub shutdown: Duration,
    /// Requests at once; more are refused.
    pub requests: usize,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
}

impl Limits {
    /// How often a connection looks at the clock: often enough for the shortest limit, and not for each request.
    pub fn tick(&self) -> Duration {
        let shortest = self.header.min(self.body).min(self.request).min(self.idle);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}
