//! Counts what the collector takes, and says once when it takes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::tally::Tally;

#[derive(Debug)]
pub(super) struct Counted {
    pub(super) exporter: opentelemetry_otlp::SpanExporter,
    pub(super) tally: Arc<Tally>,
    /// Whether the last spans were not taken.
    pub(super) failed: AtomicBool,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        // They are out of the queue, which has room for others.
        self.tally.leave(count);
        let done = self.exporter.export(batch).await;
        let reason = self.tally.take_reason();
        let had_failed = self.failed.swap(done.is_err(), Ordering::Relaxed);
        match &done {
            Ok(()) => {
                self.tally.exported.inc_by(count as u64);
                if had_failed {
                    tracing::info!("spans are exported again");
                }
            }
            Err(error) => {
                self.tally.export_failed.inc_by(count as u64);
                if !had_failed {
                    let reason = reason.unwrap_or_else(|| error.to_string());
                    tracing::warn!(reason, "spans are not exported; they are counted until they are again");
                }
            }
        }
        done
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
