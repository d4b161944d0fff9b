//! Log and metric lines of hosts whose platform gathers what they print.

use std::time::Duration;

use axum::http::Method;
use pik_core::EventId;
use pik_http::metric_lines::Dimensions;
use pik_http::{Endpoint, Exchange, Observation, Subject, Verdict, log_lines, metric_lines};
use serde_json::{Value, json};

const NOW_MS: i64 = 1_767_039_335_580;

fn observation(verdict: Verdict, event_id: Option<&EventId>) -> Observation {
    let subject = |event_id: &EventId| Subject {
        event_id: *event_id,
        source: "demo".into(),
        event_type: "heartbeat".into(),
        entity_id: "user_123".into(),
    };
    Observation {
        count: 1,
        index: None,
        subject: event_id.map(subject),
        edge_event_id: None,
        verdict,
        ingest_lag_ms: event_id.map(|_| 72_936_580),
        codes: Vec::new(),
        reason: None,
    }
}

fn exchange(endpoint: Endpoint, observations: &[Observation]) -> Exchange<'_> {
    let latency = Duration::from_micros(1_234);
    Exchange {
        request_id: "mine",
        method: &Method::POST,
        endpoint,
        client: None,
        user_agent: None,
        traceparent: None,
        token: None,
        http_status: 200,
        latency,
        dry_run: false,
        observations,
    }
}

fn logged(observations: &[Observation]) -> Vec<Value> {
    let exchange = exchange(Endpoint::Ingest, observations);
    let lines = log_lines::of_exchange(NOW_MS, Some(("ray_id", "8f00")), &exchange);
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn measured(dimensions: Dimensions, exchange: &Exchange<'_>) -> Vec<Value> {
    let lines = metric_lines::of_exchange(NOW_MS, ("WorkerName", "pik"), dimensions, exchange);
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_has_what_is_known_and_nothing_empty() {
    let id = EventId::from_bytes([0x5a; 32]);
    let lines = logged(&[observation(Verdict::Accepted, Some(&id))]);
    let expected = json!({
        "timestamp": "2025-12-29T20:15:35.580Z", "level": "INFO", "message": "event", "request_id": "mine",
        "ray_id": "8f00", "endpoint": "/ingest", "http_status": 200, "dry_run": false, "latency_ms": 1.234,
        "event_id": "5a".repeat(32), "entity_id": "user_123", "source": "demo", "event_type": "heartbeat",
        "status": "ACCEPTED", "ingest_lag_ms": 72_936_580,
    });
    assert_eq!(lines, [expected]);
    let lines = logged(&[]);
    assert_eq!((lines.len(), &lines[0]["message"], &lines[0]["status"]), (1, &json!("request"), &Value::Null));
}

#[test]
fn levels_say_who_should_look() {
    let id = EventId::from_bytes([0x5a; 32]);
    let of_code = |code| Observation { codes: vec![code], ..observation(Verdict::Error, None) };
    let of_edge = Observation { edge_event_id: Some("6b".into()), ..observation(Verdict::Duplicate, Some(&id)) };
    for (observation, level) in [
        (observation(Verdict::Rejected, None), "INFO"),
        (of_edge, "WARN"),
        (of_code("unauthorized"), "WARN"),
        (of_code("overloaded"), "WARN"),
        (of_code("unavailable"), "ERROR"),
        (of_code("internal"), "ERROR"),
    ] {
        let edge = observation.edge_event_id.clone();
        let line = &logged(&[observation])[0];
        assert_eq!((&line["level"], line["edge_event_id"].as_str()), (&json!(level), edge.as_deref()));
    }
}

#[test]
fn metrics_are_counted_and_lags_come_by_the_hundred() {
    let id = EventId::from_bytes([0x5a; 32]);
    let mut observations: Vec<_> = (0..250).map(|_| observation(Verdict::Duplicate, Some(&id))).collect();
    observations.push(observation(Verdict::Rejected, None));
    let lines = measured(Dimensions::default(), &exchange(Endpoint::IngestBatch, &observations));
    let lags: Vec<usize> = lines.iter().map(|line| line["IngestLagMs"].as_array().unwrap().len()).collect();
    assert_eq!(lags, [100, 100, 50]);
    let first = &lines[0];
    let counts =
        ["IngestRequestCount", "DuplicateCount", "RejectedCount", "ErrorCount"].map(|name| first[name].as_u64());
    assert_eq!(counts, [Some(1), Some(250), Some(1), Some(0)]);
    assert_eq!((&first["IngestLatencyMs"], &first["WorkerName"]), (&json!(1.234), &json!("pik")));
    assert_eq!(first["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["WorkerName"]]));
    assert!(measured(Dimensions::default(), &exchange(Endpoint::Events, &[])).is_empty());
}

#[test]
fn values_of_events_are_dimensions_where_that_is_asked_for() {
    let id = EventId::from_bytes([0x5a; 32]);
    let observations = [observation(Verdict::Duplicate, Some(&id)), observation(Verdict::Rejected, None)];
    let both = json!(["WorkerName", "source", "event_type"]);
    for (text, more) in [("source", json!(["WorkerName", "source"])), ("event_type, source", both)] {
        let lines = measured(text.parse().unwrap(), &exchange(Endpoint::IngestBatch, &observations));
        let dimensions: Vec<&Value> =
            lines.iter().map(|line| &line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]).collect();
        assert_eq!(dimensions, [&json!(["WorkerName"]), &more]);
        assert_eq!((&lines[1]["source"], &lines[1]["RejectedCount"]), (&json!("demo"), &json!(0)));
    }
    assert!("entity_id".parse::<Dimensions>().is_err());
}
