//! Every code of the contract is answered by something, with its HTTP status and its outcome.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use pik_core::{Code, Obstacle, StoreError};
use pik_http::{Config, ErrorCode, HostFault};

use crate::service::{EXAMPLE, Service, read, request};

fn with(member: &str, value: &str) -> String {
    let mut event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(EXAMPLE).unwrap();
    event.remove(member);
    let mut text = serde_json::to_string(&event).unwrap();
    text.insert_str(1, &format!("\"{member}\":{value},"));
    text
}

#[test]
fn every_code_of_rejected() {
    let cases = [
        (format!("{EXAMPLE}{}", " ".repeat(1 << 20)), "413 REJECTED too_large"),
        (EXAMPLE.replace("10}}", "10}"), "400 REJECTED invalid_json"),
        ("[]".to_owned(), "400 REJECTED not_an_object"),
        (EXAMPLE.replace(r#""source":"demo","#, ""), "400 REJECTED missing_field"),
        (with("event_id", "1"), "400 REJECTED unknown_field"),
        (with("source", "null"), "400 REJECTED wrong_type"),
        (EXAMPLE.replacen('{', r#"{"source":"demo","#, 1), "400 REJECTED duplicate_key"),
        (with("source", r#""""#), "400 REJECTED empty"),
        (with("entity_id", r#""a\u0000""#), "400 REJECTED forbidden_character"),
        (with("event_type", &format!("\"{}\"", "x".repeat(241))), "400 REJECTED too_long"),
        (with("event_time", r#""yesterday""#), "400 REJECTED invalid_time"),
        (with("event_time", r#""2025-12-28T23:59:59""#), "400 REJECTED missing_offset"),
        (with("event_time", r#""2025-12-28T23:59:59.0000000000Z""#), "400 REJECTED time_too_precise"),
        (with("event_time", r#""0000-12-28T23:59:59Z""#), "400 REJECTED time_out_of_range"),
        (with("payload", "1e1000001"), "400 REJECTED number_out_of_range"),
        (with("payload", &format!("{}{}", "[".repeat(129), "]".repeat(129))), "400 REJECTED too_deep"),
    ];
    let mut met = BTreeSet::from(["unsupported_media_type"]);
    for (body, gist) in &cases {
        let service = Service::new(Config::default());
        assert_eq!(service.post("/ingest", body.clone()).gist(), *gist);
        met.extend(gist.split(' ').next_back());
        assert_eq!(service.store_calls(), 0);
    }
    let plain =
        Service::new(Config::default()).call(Method::POST, "/ingest", &[("content-type", "text/plain")], EXAMPLE);
    assert_eq!(plain.gist(), "415 REJECTED unsupported_media_type");
    assert_eq!(met, Code::ALL.map(Code::as_str).into());
}

#[test]
fn every_code_of_error() {
    let service = Service::with_tokens(&["secret"]);
    let mut met = BTreeSet::new();
    let mut meet = |gist: String, expected: &str| {
        assert_eq!(gist, expected);
        met.insert(expected.split(' ').next_back().unwrap().to_owned());
    };
    meet(service.post("/ingest", EXAMPLE).gist(), "401 ERROR unauthorized");
    meet(service.get("/nowhere").gist(), "404 ERROR not_found");
    meet(service.get("/ingest").gist(), "405 ERROR method_not_allowed");
    let slow = request(Method::POST, "/ingest", &[], Body::empty());
    let call = service.api.begin(&slow);
    meet(read(service.api.refuse(&call, HostFault::Timeout, None)).gist(), "408 ERROR timeout");
    meet(service.get("/healthz?probe=1").gist(), "400 ERROR invalid_parameter");
    for (error, expected) in [
        (StoreError::Overloaded(String::new()), "503 ERROR overloaded"),
        (StoreError::Throttled(String::new()), "503 ERROR overloaded"),
        (StoreError::Unavailable(String::new()), "503 ERROR unavailable"),
        (StoreError::Blocked(Obstacle::DiskFull, String::new()), "503 ERROR unavailable"),
        (StoreError::Internal(String::new()), "500 ERROR internal"),
    ] {
        service.fail_next([Some(error)]);
        meet(service.get("/readyz").gist(), expected);
    }
    assert_eq!(met, ErrorCode::ALL.iter().map(ToString::to_string).collect());
}
