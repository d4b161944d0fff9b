//! What the host is told for logs and metrics.

use axum::body::Body;
use axum::http::Method;
use pik_core::StoreError;
use pik_http::Config;

use crate::service::{EXAMPLE, EXAMPLE_ID, Service, request};

#[test]
fn an_event_is_told_with_all_that_logs_may_have() {
    let service = Service::new(Config::default());
    service.post("/ingest", EXAMPLE);
    service.post("/ingest", EXAMPLE);
    service.fail_next([Some(StoreError::Overloaded("queue of 512".into()))]);
    service.post("/ingest", EXAMPLE);
    let observed = service.observed();
    assert_eq!(observed.len(), 3);
    for (line, verdict) in observed.iter().zip(["Accepted", "Duplicate", "Error"]) {
        for part in [
            EXAMPLE_ID,
            "source: \"demo\"",
            "event_type: \"heartbeat\"",
            "entity_id: \"user_123\"",
            "endpoint: Ingest",
            &format!("verdict: {verdict}"),
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }
    assert!(observed[0].contains("ingest_lag_ms: Some(72936580)") && observed[0].contains("http_status: 200"));
    assert!(observed[2].contains("codes: [\"overloaded\"]") && observed[2].contains("http_status: 503"));
}

#[test]
fn no_payload_and_no_path_into_one_gets_there() {
    let service = Service::new(Config::default());
    service.post("/ingest", EXAMPLE.replace("steps", "hunter2"));
    service.post("/ingest", EXAMPLE.replace(r#"{"steps":10}"#, r#"{"hunter2":{"a":1,"a":2}}"#));
    service.post("/ingest", EXAMPLE.replacen('{', r#"{"hunter2":1,"#, 1));
    service.post("/ingest", r#"{"hunter2""#);
    service.post("/ingest?hunter2=hunter2", EXAMPLE);
    service.post("/hunter2", EXAMPLE);
    service.post("/ingest/batch", format!("[{},[\"hunter2\"]]", EXAMPLE.replace("steps", "hunter2")));
    let observed = service.observed();
    assert_eq!(observed.len(), 7);
    assert!(observed.iter().all(|line| !line.contains("hunter2")), "{observed:?}");
    assert!(observed[1].contains("codes: [\"duplicate_key\"]") && observed[1].contains("verdict: Rejected"));
}

#[test]
fn a_batch_that_fails_is_told_once_with_a_count() {
    let service = Service::new(Config::default());
    let away = || Some(StoreError::Unavailable("away".into()));
    let event = |number: usize| EXAMPLE.replace("user_123", &format!("user_{number}"));
    let batch = (0..5).map(event).collect::<Vec<_>>().join(",");
    service.fail_next([away(), away(), None, Some(StoreError::Internal("odd".into())), away()]);
    let answer = service.post("/ingest/batch", format!("[{batch},1]"));
    assert_eq!((answer.status.as_u16(), &answer.json()["failed"]), (503, &4.into()));
    let observed = service.observed();
    for (verdict, times) in [("Error", 2), ("Accepted", 1), ("Rejected", 1)] {
        assert_eq!(observed[0].matches(&format!("verdict: {verdict}")).count(), times, "{observed:?}");
    }
    assert!(observed[0].contains("count: 3, index: Some(0), subject: None"), "{observed:?}");
    assert!(observed[0].contains("reason: Some(\"odd\")"), "{observed:?}");
}

#[test]
fn a_request_that_gets_no_answer_is_told_too() {
    let service = Service::new(Config::default());
    let request = request(Method::POST, "/ingest", &[], Body::empty());
    let call = service.api.begin(&request);
    service.api.abandon(&call, "gone");
    let observed = service.observed();
    assert!(observed[0].contains("http_status: 499") && observed[0].contains("gone"), "{observed:?}");
}

#[test]
fn codes_are_told_once_each() {
    let service = Service::new(Config::default());
    service.post("/ingest", r#"{"source":"","event_type":""}"#);
    assert!(service.observed()[0].contains("codes: [\"empty\", \"missing_field\"]"));
}

#[test]
fn a_batch_is_told_event_by_event_and_a_refusal_once() {
    let service = Service::new(Config::default());
    service.post("/ingest/batch", format!("[{EXAMPLE},1,{EXAMPLE}]"));
    service.post("/ingest/batch", "[");
    service.get("/healthz");
    service.get("/nowhere");
    let observed = service.observed();
    assert_eq!(observed.len(), 4);
    let verdicts = |line: &str| line.matches("verdict: ").count();
    assert_eq!(observed.iter().map(|line| verdicts(line)).collect::<Vec<_>>(), [3, 1, 0, 1]);
    assert!(observed[0].contains("index: Some(2)"));
}
