//! CloudWatch metrics in the Embedded Metric Format: JSON lines that CloudWatch reads out of the log, without a call.
//!
//! The one dimension is the function's name. No value of a client's is one unless the function is told so: each new value
//! is a new metric, which is paid for by the month.

use std::collections::BTreeMap;

use pik_http::{Exchange, Observation, Verdict};
use serde_json::{Value, json};

use crate::log;

const NAMESPACE: &str = "PipelineInvestigationKit";

/// The most values of one metric that CloudWatch takes in one line.
const VALUES: usize = 100;

/// Values of an event that are dimensions, too, when the function is told so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dimensions {
    pub(crate) source: bool,
    pub(crate) event_type: bool,
}

impl std::str::FromStr for Dimensions {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut dimensions = Self::default();
        for name in text.split(',') {
            match name.trim() {
                "source" => dimensions.source = true,
                "event_type" => dimensions.event_type = true,
                _ => return Err("write source, event_type or both with a comma between"),
            }
        }
        Ok(dimensions)
    }
}

/// Writes metrics of requests.
pub(crate) struct Metrics {
    pub(crate) function_name: String,
    pub(crate) dimensions: Dimensions,
}

impl Metrics {
    /// Writes the metrics of a request to ingest.
    pub(crate) fn exchange(&self, now_ms: i64, exchange: &Exchange<'_>) {
        for line in self.lines(now_ms, exchange) {
            log::write(&line);
        }
    }

    fn lines(&self, now_ms: i64, exchange: &Exchange<'_>) -> Vec<Value> {
        if !exchange.endpoint.takes_events() {
            return Vec::new();
        }
        let all: Vec<&Observation<'_>> = exchange.observations.iter().collect();
        let mut metrics = counts(&all);
        metrics.push(("IngestLatencyMs", "Milliseconds", json!(log::milliseconds(exchange.latency))));
        let mut lines = self.group(now_ms, &[], metrics, &all);

        // What has no source and type, because it was rejected, counts above alone.
        let mut groups: BTreeMap<Vec<(&str, &str)>, Vec<&Observation<'_>>> = BTreeMap::new();
        for observation in exchange.observations {
            let Some(subject) = observation.subject else { continue };
            let mut values = Vec::new();
            if self.dimensions.source {
                values.push(("source", subject.source));
            }
            if self.dimensions.event_type {
                values.push(("event_type", subject.event_type));
            }
            if !values.is_empty() {
                groups.entry(values).or_default().push(observation);
            }
        }
        for (values, observations) in groups {
            lines.extend(self.group(now_ms, &values, counts(&observations), &observations));
        }
        lines
    }

    /// The lines of some events of a request: the counts, and the lags, of which a line takes only so many.
    fn group(
        &self,
        now_ms: i64,
        values: &[(&str, &str)],
        mut first: Vec<Metric>,
        observations: &[&Observation<'_>],
    ) -> Vec<Value> {
        let lags: Vec<i64> = observations.iter().filter_map(|observation| observation.ingest_lag_ms).collect();
        let mut chunks = lags.chunks(VALUES);
        first.extend(chunks.next().map(lag));
        let mut lines = vec![self.line(now_ms, values, &first)];
        lines.extend(chunks.map(|chunk| self.line(now_ms, values, &[lag(chunk)])));
        lines
    }

    fn line(&self, now_ms: i64, values: &[(&str, &str)], metrics: &[Metric]) -> Value {
        let definitions: Vec<Value> =
            metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
        let dimensions: Vec<&str> = ["FunctionName"].into_iter().chain(values.iter().map(|(name, _)| *name)).collect();
        let mut line = json!({
            "_aws": {
                "Timestamp": now_ms,
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [dimensions],
                    "Metrics": definitions,
                }],
            },
            "FunctionName": self.function_name,
        });
        for (name, value) in values {
            line[*name] = json!(value);
        }
        for (name, _, value) in metrics {
            line[*name] = value.clone();
        }
        line
    }
}

type Metric = (&'static str, &'static str, Value);

/// What a request, or its events of one kind, came to.
fn counts(observations: &[&Observation<'_>]) -> Vec<Metric> {
    let count = |verdict| observations.iter().filter(|observation| observation.verdict == verdict).count();
    vec![
        ("IngestRequestCount", "Count", json!(1)),
        ("DuplicateCount", "Count", json!(count(Verdict::Duplicate))),
        ("RejectedCount", "Count", json!(count(Verdict::Rejected))),
        ("ErrorCount", "Count", json!(count(Verdict::Error))),
    ]
}

fn lag(values: &[i64]) -> Metric {
    ("IngestLagMs", "Milliseconds", json!(values))
}
