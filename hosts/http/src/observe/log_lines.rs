//! Log lines, one JSON object each, for hosts whose platform gathers what they print. Never the payload.

use std::collections::BTreeMap;
use std::time::Duration;

use pik_core::IngestTime;
use serde::Serialize;

use crate::{Exchange, Observation, TokenName, Traceparent, Verdict};

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
    #[serde(flatten)]
    platform: BTreeMap<&'a str, &'a str>,
    endpoint: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    http_status: u16,
    dry_run: bool,
    latency_ms: f64,
}

#[derive(Serialize)]
struct EventFields<'a> {
    /// Of events that failed for one reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edge_event_id: Option<&'a str>,
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

/// One line for each event, for events that failed for one reason, or for a request that was refused as a whole or had
/// no events. `platform` is the name and value
/// of the id that the platform knows the request by.
pub fn of_exchange(now_ms: i64, platform: Option<(&str, &str)>, exchange: &Exchange<'_>) -> Vec<String> {
    let request = || RequestFields {
        request_id: exchange.request_id,
        platform: platform.into_iter().collect(),
        endpoint: exchange.endpoint.path(),
        trace_id: exchange.traceparent.map(Traceparent::trace_id),
        token: exchange.token.map(TokenName::as_str),
        http_status: exchange.http_status,
        dry_run: exchange.dry_run,
        latency_ms: milliseconds(exchange.latency),
    };
    let line = |level, message, event| {
        text(&Line { timestamp: timestamp(now_ms), level, message, request: Some(request()), event })
    };
    if exchange.observations.is_empty() {
        return vec![line("INFO", "request", None)];
    }
    let observations = exchange.observations.iter();
    observations.map(|observation| line(level(observation), "event", Some(event(observation)))).collect()
}

/// One line about the host itself.
pub fn of_host(now_ms: i64, level: &'static str, message: &str) -> String {
    text(&Line { timestamp: timestamp(now_ms), level, message, request: None, event: None })
}

/// Microseconds are what clocks are good for.
pub(crate) fn milliseconds(latency: Duration) -> f64 {
    (latency.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

fn event(observation: &Observation) -> EventFields<'_> {
    let subject = observation.subject.as_ref();
    EventFields {
        count: (observation.count > 1).then_some(observation.count),
        index: observation.index,
        event_id: subject.map(|subject| subject.event_id.to_string()),
        edge_event_id: observation.edge_event_id.as_deref(),
        entity_id: subject.map(|subject| &*subject.entity_id),
        source: subject.map(|subject| &*subject.source),
        event_type: subject.map(|subject| &*subject.event_type),
        status: observation.verdict.as_str(),
        ingest_lag_ms: observation.ingest_lag_ms,
        codes: (!observation.codes.is_empty()).then(|| observation.codes.join(",")),
        reason: observation.reason.as_deref(),
    }
}

fn level(observation: &Observation) -> &'static str {
    match observation.verdict {
        Verdict::Error if observation.codes.iter().any(|code| matches!(*code, "internal" | "unavailable")) => "ERROR",
        Verdict::Error => "WARN",
        // An edge of another version, or a client that pretends to be one.
        Verdict::Accepted | Verdict::Duplicate | Verdict::Rejected if observation.edge_event_id.is_some() => "WARN",
        Verdict::Accepted | Verdict::Duplicate | Verdict::Rejected => "INFO",
    }
}

fn timestamp(now_ms: i64) -> String {
    IngestTime::from_unix_ms(now_ms).map_or_else(|| now_ms.to_string(), |time| time.to_string())
}

fn text(line: &Line<'_>) -> String {
    // INVARIANT: names are strings and values write themselves.
    serde_json::to_string(line).unwrap_or_default()
}
