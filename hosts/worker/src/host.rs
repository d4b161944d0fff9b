//! The clock, the randomness and the observer of one request.

use std::time::Duration;

use pik_http::{Exchange, Host};
use worker::{AnalyticsEngineDataset, Date};

/// The clock, the randomness and the observer of one request.
pub struct WorkerHost {
    analytics: Option<AnalyticsEngineDataset>,
}

impl WorkerHost {
    /// For the request at hand.
    pub fn new(analytics: Option<AnalyticsEngineDataset>) -> Self {
        Self { analytics }
    }
}

impl Host for WorkerHost {
    fn now_ms(&self) -> i64 {
        // Stands still between calls to the outside, which is what Workers have against timing attacks.
        i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(Date::now().as_millis())
    }

    fn nonce(&self) -> u64 {
        // Only within a request: there is no randomness in a Worker's global scope.
        getrandom::u64().unwrap_or_default()
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        let _ = &self.analytics;
        worker::console_log!("{exchange:?}");
    }
}
