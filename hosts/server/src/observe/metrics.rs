//! What Prometheus reads. No label has a value that a client chose.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(target_os = "linux")]
use super::process::Process;
use axum::http::StatusCode;
use pik_http::{Exchange, Load, Verdict, Written};
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, PullingGauge, Registry,
    TextEncoder,
};

use super::token_events::TokenEvents;

/// The seconds that lags are sorted by. Negative ones come from clocks that are wrong.
const LAG_SECONDS: [f64; 17] = [
    -86_400.0,
    -3_600.0,
    -60.0,
    -1.0,
    0.0,
    0.1,
    1.0,
    10.0,
    60.0,
    600.0,
    3_600.0,
    21_600.0,
    86_400.0,
    259_200.0,
    604_800.0,
    2_592_000.0,
    31_536_000.0,
];

/// The seconds that requests are sorted by.
const DURATION_SECONDS: [f64; 13] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

const VERDICTS: [Verdict; 4] = [Verdict::Accepted, Verdict::Duplicate, Verdict::Rejected, Verdict::Error];

/// The process's counters.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    duration: HistogramVec,
    ingest_requests: IntCounter,
    /// By [`Verdict`], real ones and dry runs.
    events: Vec<[IntCounter; 2]>,
    token_events: TokenEvents,
    refusals: IntCounterVec,
    lag: Histogram,
    /// Requests being answered.
    pub(crate) in_flight: Arc<AtomicUsize>,
    pub(crate) connections: IntGauge,
    /// Lines that the log could not write in time.
    pub log_lines_dropped: IntCounter,
    body_bytes: IntGauge,
    max_body_bytes: IntGauge,
    evidence: IntCounter,
    unrecorded: IntCounter,
    evidence_failures: IntCounter,
}

impl Metrics {
    /// All counters at zero.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "pik_http_requests_total",
                "Requests answered, by what was asked for and HTTP status; 499 when the connection ended before the answer",
            ),
            &["endpoint", "status"],
        )?;
        let duration = HistogramVec::new(
            HistogramOpts::new("pik_request_duration_seconds", "From a request's head to its answer")
                .buckets(DURATION_SECONDS.into()),
            &["endpoint"],
        )?;
        let ingest_requests =
            IntCounter::new("pik_ingest_requests_total", "Requests to ingest one event or a batch, refused ones too")?;
        let events =
            IntCounterVec::new(Opts::new("pik_events_total", "Events answered, by outcome"), &["status", "dry_run"])?;
        let token_events = TokenEvents::new()?;
        let refusals = IntCounterVec::new(
            Opts::new("pik_refusals_total", "REJECTED and ERROR answers by code; one event may have several codes"),
            &["code"],
        )?;
        let lag = Histogram::with_opts(
            HistogramOpts::new(
                "pik_ingest_lag_seconds",
                "From event_time to ingest_time of accepted and duplicate events, without dry runs; negative for events from the future",
            )
            .buckets(LAG_SECONDS.into()),
        )?;
        let in_flight = Arc::new(AtomicUsize::new(0));
        let read = Arc::clone(&in_flight);
        let in_flight_gauge = PullingGauge::new(
            "pik_requests_in_flight",
            "Requests being answered",
            Box::new(move || read.load(Ordering::Relaxed) as f64),
        )?;
        let connections = IntGauge::new("pik_connections", "Open connections")?;
        let log_lines_dropped =
            IntCounter::new("pik_log_lines_dropped_total", "Log lines that standard error did not take in time")?;
        let evidence = IntCounter::new(
            "pik_rejection_records_total",
            "Records of refused events that were given to the store, those that merge into another one too",
        )?;
        let unrecorded = IntCounter::new(
            "pik_rejections_unrecorded_total",
            "Refused events that are counted and left no record: too many, too large, a dry run, no token",
        )?;
        let evidence_failures = IntCounter::new(
            "pik_rejection_write_failures_total",
            "Attempts to write evidence of refused events that failed; it is tried again",
        )?;
        let body_bytes = IntGauge::new(
            "pik_body_in_flight_bytes",
            "What the bodies of requests being answered take of the memory for them; the first 16 KiB of each are free",
        )?;
        let max_body_bytes = IntGauge::new(
            "pik_body_in_flight_max_bytes",
            "Where pik_body_in_flight_bytes would exceed this, requests are answered overloaded",
        )?;
        let build = IntGauge::with_opts(
            Opts::new("pik_build_info", "1, with the version of the server")
                .const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        build.set(1);
        let collectors: [Box<dyn Collector>; 16] = [
            Box::new(requests.clone()),
            Box::new(duration.clone()),
            Box::new(ingest_requests.clone()),
            Box::new(events.clone()),
            Box::new(token_events.counters.clone()),
            Box::new(refusals.clone()),
            Box::new(lag.clone()),
            Box::new(in_flight_gauge),
            Box::new(connections.clone()),
            Box::new(log_lines_dropped.clone()),
            Box::new(body_bytes.clone()),
            Box::new(max_body_bytes.clone()),
            Box::new(evidence.clone()),
            Box::new(unrecorded.clone()),
            Box::new(evidence_failures.clone()),
            Box::new(build),
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        #[cfg(target_os = "linux")]
        registry.register(Box::new(Process::new()?))?;
        Ok(Self {
            duration,
            events: VERDICTS
                .iter()
                .map(|verdict| ["false", "true"].map(|dry_run| events.with_label_values(&[verdict.as_str(), dry_run])))
                .collect(),
            registry,
            requests,
            ingest_requests,
            token_events,
            refusals,
            lag,
            in_flight,
            connections,
            log_lines_dropped,
            body_bytes,
            max_body_bytes,
            evidence,
            unrecorded,
            evidence_failures,
        })
    }

    /// Tells these, too: what a store measures.
    pub fn tell(&self, collectors: Vec<Box<dyn Collector>>) -> prometheus::Result<()> {
        collectors.into_iter().try_for_each(|collector| self.registry.register(collector))
    }

    /// Counts a request that was answered.
    pub(crate) fn note(&self, exchange: &Exchange<'_>) {
        let endpoint = exchange.endpoint;
        if let Ok(status) = StatusCode::from_u16(exchange.http_status) {
            self.requests.with_label_values(&[endpoint.path(), status.as_str()]).inc();
        }
        self.duration.with_label_values(&[endpoint.path()]).observe(exchange.latency.as_secs_f64());
        if endpoint.takes_events() {
            self.ingest_requests.inc();
            self.note_events(exchange);
        }
    }

    fn note_events(&self, exchange: &Exchange<'_>) {
        let mut counts = [0; VERDICTS.len()];
        for observation in exchange.observations {
            let count = observation.count as u64;
            counts[observation.verdict as usize] += count;
            // What a dry run looks at did not arrive.
            if let Some(lag_ms) = observation.ingest_lag_ms
                && !exchange.dry_run
            {
                self.lag.observe(lag_ms as f64 / 1000.0);
            }
            for code in &observation.codes {
                self.refusals.with_label_values(&[code]).inc_by(count);
            }
        }
        for ((verdict, counters), count) in VERDICTS.iter().zip(&self.events).zip(counts) {
            if count > 0 {
                counters[usize::from(exchange.dry_run)].inc_by(count);
                if let Some(token) = exchange.token {
                    self.token_events.count(token, verdict.as_str(), count);
                }
            }
        }
    }

    /// Counts evidence that was written, or could not be: what is left is counted when it is written.
    pub(crate) fn note_evidence(&self, written: &Written<'_>) {
        if written.error.is_some() {
            self.evidence_failures.inc();
        } else {
            self.evidence.inc_by(written.records as u64);
            self.unrecorded.inc_by(written.unrecorded);
        }
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, load: Load) -> prometheus::Result<String> {
        self.body_bytes.set(clipped(load.body_bytes));
        self.max_body_bytes.set(clipped(load.max_body_bytes));
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

fn clipped(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
