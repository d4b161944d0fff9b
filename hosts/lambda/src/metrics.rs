//! CloudWatch metrics in the Embedded Metric Format: JSON lines that CloudWatch reads out of the log, without a call.
//!
//! The one dimension is the function's name. No value of a client's is one: each new value would be a new paid metric.

use pik_http::{Exchange, Verdict};
use serde_json::{Value, json};

use crate::log;

const NAMESPACE: &str = "PipelineInvestigationKit";

/// The most values of one metric that CloudWatch takes in one line.
const VALUES: usize = 100;

/// Writes the metrics of a request to ingest.
pub(crate) fn exchange(now_ms: i64, function_name: &str, exchange: &Exchange<'_>) {
    for line in lines(now_ms, function_name, exchange) {
        log::write(&line);
    }
}

fn lines(now_ms: i64, function_name: &str, exchange: &Exchange<'_>) -> Vec<Value> {
    if !exchange.endpoint.takes_events() {
        return Vec::new();
    }
    let count = |verdict| exchange.observations.iter().filter(|observation| observation.verdict == verdict).count();
    let lags: Vec<i64> = exchange.observations.iter().filter_map(|observation| observation.ingest_lag_ms).collect();
    let mut chunks = lags.chunks(VALUES);

    let mut first = vec![
        ("IngestRequestCount", "Count", json!(1)),
        ("DuplicateCount", "Count", json!(count(Verdict::Duplicate))),
        ("RejectedCount", "Count", json!(count(Verdict::Rejected))),
        ("ErrorCount", "Count", json!(count(Verdict::Error))),
        ("IngestLatencyMs", "Milliseconds", json!(log::milliseconds(exchange.latency))),
    ];
    first.extend(chunks.next().map(lag));
    let mut lines = vec![line(now_ms, function_name, &first)];
    lines.extend(chunks.map(|chunk| line(now_ms, function_name, &[lag(chunk)])));
    lines
}

type Metric = (&'static str, &'static str, Value);

fn lag(values: &[i64]) -> Metric {
    ("IngestLagMs", "Milliseconds", json!(values))
}

fn line(now_ms: i64, function_name: &str, metrics: &[Metric]) -> Value {
    let definitions: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["FunctionName"]],
                "Metrics": definitions,
            }],
        },
        "FunctionName": function_name,
    });
    for (name, _, value) in metrics {
        line[*name] = value.clone();
    }
    line
}
