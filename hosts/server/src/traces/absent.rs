//! A build that sends no traces, and says so where they are asked for.

use std::time::SystemTime;

use pik_http::Exchange;

use super::asked::{Asked, asked};
use crate::Metrics;

/// No traces: this build has no OTLP.
#[derive(Debug, Clone, Default)]
pub struct Traces(());

impl Traces {
    /// Says that there will be none, where the environment asks for them.
    pub fn start(_metrics: &Metrics) -> anyhow::Result<Self> {
        match asked(|name| std::env::var(name).ok()) {
            Asked::Nothing => {}
            Asked::Traces(variable) => {
                let reason = format!("{variable} is set, and this build has no OTLP; build it with --features otlp");
                tracing::warn!(reason, "traces are not sent");
            }
            Asked::Unusable(reason) => tracing::warn!(reason, "traces are not sent, and this build has no OTLP"),
        }
        Ok(Self(()))
    }

    pub(crate) fn record(&self, _now: impl FnOnce() -> SystemTime, _exchange: &Exchange<'_>) -> Option<String> {
        None
    }

    /// Nothing waits.
    pub fn end(&self) {}
}
