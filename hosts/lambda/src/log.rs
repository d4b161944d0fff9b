//! Log lines on standard output, one JSON object each, with the fields of the server's. Never the payload.

use std::io::Write;

use pik_core::IngestTime;
use pik_http::{Exchange, Observation, Verdict};
use serde::Serialize;

use crate::host::now_ms;

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    message: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    request: Option<RequestFields<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    event: Option<EventFields<'a>>,
}

#[derive(Serialize)]
struct RequestFields<'a> {
    request_id: &'a str,
    lambda_request_id: &'a str,
    endpoint: &'static str,
    http_status: u16,
    dry_run: bool,
    latency_ms: f64,
}

#[derive(Serialize)]
struct EventFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest_lag_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// One line for each event, or for a request that was refused as a whole or had none.
pub(crate) fn exchange(now_ms: i64, lambda_request_id: &str, exchange: &Exchange<'_>) {
    let request = || RequestFields {
        request_id: exchange.request_id,
        lambda_request_id,
        endpoint: exchange.endpoint.path(),
        http_status: exchange.http_status,
        dry_run: exchange.dry_run,
        latency_ms: milliseconds(exchange.latency),
    };
    if exchange.observations.is_empty() {
        write(&Line {
            timestamp: timestamp(now_ms),
            level: "INFO",
            message: "request",
            request: Some(request()),
            event: None,
        });
    }
    for observation in exchange.observations {
        write(&Line {
            timestamp: timestamp(now_ms),
            level: level(observation),
            message: "event",
            request: Some(request()),
            event: Some(event(observation)),
        });
    }
}

/// One line about the function itself.
pub(crate) fn line(level: &'static str, message: &str) {
    write(&Line { timestamp: timestamp(now_ms()), level, message, request: None, event: None });
}

/// Microseconds are what the clock is good for.
pub(crate) fn milliseconds(latency: std::time::Duration) -> f64 {
    (latency.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn event<'a>(observation: &Observation<'a>) -> EventFields<'a> {
    let subject = observation.subject;
    EventFields {
        index: observation.index,
        event_id: subject.map(|subject| subject.event_id.to_string()),
        entity_id: subject.map(|subject| subject.entity_id),
        source: subject.map(|subject| subject.source),
        event_type: subject.map(|subject| subject.event_type),
        status: observation.verdict.as_str(),
        ingest_lag_ms: observation.ingest_lag_ms,
        codes: (!observation.codes.is_empty()).then(|| observation.codes.join(",")),
        reason: observation.reason,
    }
}

fn level(observation: &Observation<'_>) -> &'static str {
    match observation.verdict {
        Verdict::Accepted | Verdict::Duplicate | Verdict::Rejected => "INFO",
        Verdict::Error if observation.codes.iter().any(|code| matches!(*code, "internal" | "unavailable")) => "ERROR",
        Verdict::Error => "WARN",
    }
}

fn timestamp(now_ms: i64) -> String {
    IngestTime::from_unix_ms(now_ms).map_or_else(|| now_ms.to_string(), |time| time.to_string())
}

/// Writes a line in one piece. Lambda hands standard output on to CloudWatch; there is nobody to tell when it cannot.
pub(crate) fn write(line: &impl Serialize) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let _ = std::io::stdout().write_all(&text);
    }
}
