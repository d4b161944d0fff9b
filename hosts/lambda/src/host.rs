//! The clocks, the randomness and the observer of this function.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pik_http::metric_lines::Dimensions;
use pik_http::{Exchange, Host, Written, log_lines, metric_lines};

use crate::output;

tokio::task_local! {
    /// Lambda's id of the request that is being answered, for its log lines.
    pub(crate) static LAMBDA_REQUEST_ID: String;
    /// Until when a request may wait for an arrival: then there is time left to answer that there is none.
    pub(crate) static WAITS_UNTIL: Option<Instant>;
}

/// The clocks, the randomness and the observer of this function.
pub(crate) struct LambdaHost {
    start: Instant,
    function_name: String,
    dimensions: Dimensions,
}

impl LambdaHost {
    pub(crate) fn new(function_name: String, dimensions: Dimensions) -> Self {
        Self { start: Instant::now(), function_name, dimensions }
    }
}

impl Host for LambdaHost {
    fn now_ms(&self) -> i64 {
        now_ms()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn nonce(&self) -> u64 {
        fastrand::u64(..)
    }

    fn request_id(&self) -> String {
        // A request without an id of its own is found in the log by Lambda's.
        LAMBDA_REQUEST_ID
            .try_with(Clone::clone)
            .ok()
            .filter(|id| pik_core::is_request_id(id))
            .unwrap_or_else(|| format!("{:016x}{:016x}", self.nonce(), self.nonce()))
    }

    async fn pause(&self, time: Duration) -> bool {
        let until = WAITS_UNTIL.try_with(|until| *until).ok().flatten();
        if until.is_some_and(|until| Instant::now() + time > until) {
            return false;
        }
        tokio::time::sleep(time).await;
        true
    }

    fn evidence(&self, written: &Written<'_>) {
        if let Some(error) = written.error {
            let told = format!("evidence of refused events is not written yet: {error}");
            output::line(log_lines::of_host(now_ms(), "WARN", &told));
        }
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        let lambda_request_id = LAMBDA_REQUEST_ID.try_with(Clone::clone).unwrap_or_default();
        let logged = log_lines::of_exchange(now_ms(), Some(("lambda_request_id", &lambda_request_id)), exchange);
        let function = ("FunctionName", &*self.function_name);
        let measured = metric_lines::of_exchange(now_ms(), function, self.dimensions, exchange);
        logged.into_iter().chain(measured).for_each(output::line);
    }
}

/// The UTC clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    // A function's clock is set long after 1970.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_waits_no_longer_than_its_invocation_has_time() {
        let host = LambdaHost::new("pik".into(), Dimensions::default());
        let long = Duration::from_secs(3_600);
        assert!(!WAITS_UNTIL.scope(Some(Instant::now() + long / 2), host.pause(long)).await);
        assert!(WAITS_UNTIL.scope(Some(Instant::now() + long), host.pause(Duration::from_millis(1))).await);
        assert!(WAITS_UNTIL.scope(None, host.pause(Duration::from_millis(1))).await);
    }
}
