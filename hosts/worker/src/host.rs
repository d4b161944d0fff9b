//! The clock, the randomness and the observer of one request.

use std::time::Duration;

use pik_http::metric_lines::Dimensions;
use pik_http::{Exchange, Host, Written, log_lines, metric_lines};
use worker::send::SendFuture;
use worker::{AnalyticsEngineDataset, Date, Delay, console_log};

use crate::analytics;

/// The dimension of metrics, and the field of logs with Cloudflare's id of the request.
const WORKER_NAME: &str = "WorkerName";
const RAY_ID: &str = "ray_id";

/// The clock, the randomness and the observer of one request.
#[derive(Debug, Clone)]
pub struct WorkerHost {
    name: String,
    ray_id: Option<String>,
    dimensions: Dimensions,
    analytics: Option<AnalyticsEngineDataset>,
}

impl WorkerHost {
    /// For a request that Cloudflare knows as `ray_id`, to the Worker of this name.
    pub fn new(name: impl Into<String>, ray_id: Option<String>) -> Self {
        Self { name: name.into(), ray_id, dimensions: Dimensions::default(), analytics: None }
    }

    /// With values of events as dimensions of metrics.
    #[must_use]
    pub fn with_dimensions(self, dimensions: Dimensions) -> Self {
        Self { dimensions, ..self }
    }

    /// With data points besides.
    #[must_use]
    pub fn with_analytics(self, analytics: Option<AnalyticsEngineDataset>) -> Self {
        Self { analytics, ..self }
    }
}

impl Host for WorkerHost {
    fn now_ms(&self) -> i64 {
        // It stands still between calls to the outside: so do all clocks of Workers, against timing attacks.
        i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(Date::now().as_millis())
    }

    fn nonce(&self) -> u64 {
        // Two attempts with one receipt would both be answered ACCEPTED, so no weaker source may stand in.
        getrandom::u64().expect("crypto.getRandomValues works within a request, where alone a nonce is asked for")
    }

    async fn pause(&self, time: Duration) -> bool {
        SendFuture::new(Delay::from(time)).await;
        true
    }

    fn evidence(&self, written: &Written<'_>) {
        if let Some(error) = written.error {
            let told = format!("evidence of refused events is lost: {error}");
            console_log!("{}", log_lines::of_host(self.now_ms(), "WARN", &told));
        }
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        let ray_id = self.ray_id.as_deref().map(|id| (RAY_ID, id));
        for line in log_lines::of_exchange(self.now_ms(), ray_id, exchange) {
            console_log!("{line}");
        }
        for line in metric_lines::of_exchange(self.now_ms(), (WORKER_NAME, &self.name), self.dimensions, exchange) {
            console_log!("{line}");
        }
        if let Some(dataset) = &self.analytics {
            analytics::note(dataset, &self.name, exchange);
        }
    }
}
