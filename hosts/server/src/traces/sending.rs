//! From the environment to a tracer, and to its end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{InstrumentationScope, Key, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, ResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use pik_http::Exchange;

use super::asked::{Asked, asked};
use super::collector::Collector;
use super::exporter::Counted;
use super::processor::Bounded;
use super::settings::Settings;
use super::span;
use super::tally::Tally;
use crate::Metrics;

/// How long the last spans may keep a process that ends, or a restart. A collector that is there takes them sooner.
const END: Duration = Duration::from_millis(500);

/// Where spans go. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Sending>>);

#[derive(Debug)]
struct Sending {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
    tally: Arc<Tally>,
}

impl Traces {
    /// Sends spans where the environment names a collector. A server serves on without them when it cannot, and says so:
    /// these variables are often set for all programs of a machine.
    pub fn start(metrics: &Metrics) -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let reason = match asked(variable) {
            Asked::Nothing => return Ok(Self::default()),
            Asked::Traces(named) => match Sending::start(&Settings::read(variable)) {
                Ok(sending) => {
                    metrics.tell(sending.tally.collectors())?;
                    tracing::info!(collector = named, "spans are exported");
                    return Ok(Self(Some(Arc::new(sending))));
                }
                Err(error) => format!("{error:#}"),
            },
            Asked::Unusable(reason) => reason,
        };
        tracing::warn!(reason, "traces are not sent");
        Ok(Self::default())
    }

    /// Notes the span of a request that was answered now, and tells the id of its trace. It waits for nothing.
    pub(crate) fn record(&self, now: impl FnOnce() -> SystemTime, exchange: &Exchange<'_>) -> Option<String> {
        let trace = span::record(&self.0.as_ref()?.tracer, now(), exchange)?;
        Some(trace.to_string())
    }

    /// Sends what waits, for half a second at most.
    pub fn end(&self) {
        let Some(sending) = &self.0 else { return };
        if sending.provider.shutdown_with_timeout(END).is_err() {
            let spans = sending.tally.waiting();
            tracing::warn!(spans, "the collector did not take the last spans in time");
        }
    }
}

impl Sending {
    fn start(settings: &Settings) -> anyhow::Result<Self> {
        let tally = Arc::new(Tally::new(settings.spans)?);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(Collector::new(settings.timeout, Arc::clone(&tally)))
            .build()
            .context("OpenTelemetry's variables cannot be used")?;
        let exporter = Counted { exporter, tally: Arc::clone(&tally), failed: AtomicBool::new(false) };
        let queue = BatchSpanProcessor::new(exporter, settings.batches());
        let provider = SdkTracerProvider::builder()
            .with_resource(resource())
            .with_span_processor(Bounded { queue, tally: Arc::clone(&tally) })
            .build();
        let scope = InstrumentationScope::builder("pik").with_version(env!("CARGO_PKG_VERSION")).build();
        Ok(Self { tracer: provider.tracer_with_scope(scope), provider, tally })
    }
}

/// This server, by the name that it is given. The library's own would be `unknown_service`.
fn resource() -> Resource {
    let named = EnvResourceDetector::new().detect().get(&Key::new("service.name"));
    let told = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty()).map(Value::from);
    Resource::builder_empty()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_detectors(&[Box::new(TelemetryResourceDetector), Box::new(EnvResourceDetector::new())])
        .with_service_name(told.or(named).unwrap_or_else(|| "pik".into()))
        .build()
}
