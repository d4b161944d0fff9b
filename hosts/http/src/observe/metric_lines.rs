//! Metrics in CloudWatch's Embedded Metric Format: JSON lines that are read out of a log, without a call.
//!
//! The one dimension is the host's name. No value of a client's is one unless the host is told so: each new value is a
//! new metric, which is paid for by the month.

use core::str::FromStr;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::log_lines::milliseconds;
use crate::{Exchange, Observation, Verdict};

const NAMESPACE: &str = "PipelineInvestigationKit";

/// The most values of one metric that CloudWatch takes in one line.
const VALUES: usize = 100;

/// Values of an event that are dimensions, too, when the host is told so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dimensions {
    /// Its source.
    pub source: bool,
    /// Its type.
    pub event_type: bool,
}

impl FromStr for Dimensions {
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

/// The metrics of a request to ingest; none for any other. `host` is the name of a dimension and its value.
pub fn of_exchange(now_ms: i64, host: (&str, &str), dimensions: Dimensions, exchange: &Exchange<'_>) -> Vec<String> {
    if !exchange.endpoint.takes_events() {
        return Vec::new();
    }
    let all: Vec<&Observation> = exchange.observations.iter().collect();
    let mut metrics = counts(&all);
    metrics.push(("IngestLatencyMs", "Milliseconds", json!(milliseconds(exchange.latency))));
    let mut lines = group(now_ms, &[host], metrics, &all);

    // What has no source and type, because it was rejected, counts above alone.
    let mut groups: BTreeMap<Vec<(&str, &str)>, Vec<&Observation>> = BTreeMap::new();
    for observation in exchange.observations {
        let Some(subject) = &observation.subject else { continue };
        let mut values = vec![host];
        if dimensions.source {
            values.push(("source", &*subject.source));
        }
        if dimensions.event_type {
            values.push(("event_type", &*subject.event_type));
        }
        if values.len() > 1 {
            groups.entry(values).or_default().push(observation);
        }
    }
    for (values, observations) in groups {
        lines.extend(group(now_ms, &values, counts(&observations), &observations));
    }
    lines
}

/// The lines of some events of a request: the counts, and the lags, of which a line takes a limited number.
fn group(now_ms: i64, values: &[(&str, &str)], mut first: Vec<Metric>, observations: &[&Observation]) -> Vec<String> {
    let lags: Vec<i64> = observations.iter().filter_map(|observation| observation.ingest_lag_ms).collect();
    let mut chunks = lags.chunks(VALUES);
    first.extend(chunks.next().map(lag));
    let mut lines = vec![line(now_ms, values, &first)];
    lines.extend(chunks.map(|chunk| line(now_ms, values, &[lag(chunk)])));
    lines
}

fn line(now_ms: i64, values: &[(&str, &str)], metrics: &[Metric]) -> String {
    let definitions: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let dimensions: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [dimensions],
                "Metrics": definitions,
            }],
        },
    });
    for (name, value) in values {
        line[*name] = json!(value);
    }
    for (name, _, value) in metrics {
        line[*name] = value.clone();
    }
    line.to_string()
}

type Metric = (&'static str, &'static str, Value);

/// What a request, or its events of one kind, came to.
fn counts(observations: &[&Observation]) -> Vec<Metric> {
    let count = |verdict| {
        let such = observations.iter().filter(|observation| observation.verdict == verdict);
        such.map(|observation| observation.count).sum::<usize>()
    };
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
