//! Refused events leave evidence.

use std::time::Duration;

use axum::http::Method;
use futures_executor::block_on;
use pik_core::StoreError;
use pik_http::Config;
use serde_json::{Value, json};

use crate::service::{Service, request};

const NO_OFFSET: &str = r#"{"source":"app","event_type":"heartbeat","entity_id":"user_1","event_time":"2025-12-28T00:00:00","payload":{"steps":1}}"#;

fn service(keep_rejected_bodies: bool) -> Service {
    Service::new(Config { keep_rejected_bodies, ..Config::default() })
}

fn records(service: &Service, query: &str) -> Vec<Value> {
    let answered = service.get(&format!("/rejections{query}"));
    assert_eq!(answered.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answered.body));
    answered.json()["rejections"].as_array().unwrap().clone()
}

fn hours(service: &Service) -> Vec<Value> {
    service.get("/rejections/stats").json()["hours"].as_array().unwrap().clone()
}

fn hour(code: &str, count: u64, unrecorded: u64) -> Value {
    json!({"hour": "2025-12-29T20:00:00.000Z", "code": code, "count": count, "unrecorded": unrecorded})
}

#[test]
fn a_refused_event_is_told_with_all_that_is_known_of_it() {
    let service = service(false);
    let headers = [("content-type", "application/json"), ("x-request-id", "r-1"), ("user-agent", "job/1.0")];
    assert_eq!(service.call(Method::POST, "/ingest", &headers, NO_OFFSET).status.as_u16(), 400);
    service.post("/ingest", NO_OFFSET);
    let expected = json!({
        "first_time": "2025-12-29T20:15:35.580Z",
        "last_time": "2025-12-29T20:15:35.580Z",
        "count": 2,
        "request_id": "r-1",
        "errors": [{"code": "missing_offset", "path": "/event_time"}],
        "length": NO_OFFSET.len(),
        "sha256": "SHA",
        "source": "app",
        "event_type": "heartbeat",
        "entity_id": "user_1",
        "user_agent": "job/1.0",
    });
    let mut found = records(&service, "");
    assert_eq!(found.len(), 1, "{found:?}");
    let sha256 = found[0]["sha256"].as_str().unwrap().to_owned();
    assert!(sha256.len() == 64, "{sha256}");
    found[0]["sha256"] = "SHA".into();
    assert_eq!(found[0], expected);
    assert_eq!(hours(&service), [hour("missing_offset", 2, 0)]);
}

#[test]
fn each_event_of_a_batch_is_one_and_a_body_that_cannot_be_cut_is_one() {
    let service = service(true);
    let lines = format!("{NO_OFFSET}\n{{\n\x1b[2J\u{0}\n\n{}", NO_OFFSET.replace("user_1", "user_2"));
    let answered = service.call(Method::POST, "/ingest/batch", &[("content-type", "application/x-ndjson")], lines);
    assert_eq!(answered.json()["rejected"], 4);
    service.post("/ingest/batch", "[1,");
    let found = records(&service, "");
    assert_eq!(found.len(), 5, "{found:?}");
    let mut told: Vec<(Option<u64>, &str, &str)> = found
        .iter()
        .map(|record| {
            let code = record["errors"][0]["code"].as_str().unwrap();
            (record["index"].as_u64(), code, record["body"].as_str().unwrap())
        })
        .collect();
    told.sort();
    assert_eq!(told[0], (None, "invalid_json", "[1,"));
    assert_eq!(told[1], (Some(0), "missing_offset", NO_OFFSET));
    assert_eq!(told[3], (Some(2), "invalid_json", "\x1b[2J\u{0}"));
    assert_eq!(records(&service, "?code=missing_offset").len(), 2);
    assert_eq!(records(&service, "?source=app").len(), 2);
    assert_eq!(records(&service, "?source=other").len(), 0);
    assert_eq!(service.get("/rejections").header("x-content-type-options"), "nosniff");
}

#[test]
fn what_was_refused_of_a_stream_stands_in_its_counts_at_once() {
    let service = service(false);
    let nameless = NO_OFFSET.replace("heartbeat", "");
    let lines = format!("{NO_OFFSET}\n{nameless}\n{}", NO_OFFSET.replace("user_1", "user_2"));
    service.call(Method::POST, "/ingest/batch", &[("content-type", "application/x-ndjson")], lines);
    let day = "source=app&event_type=heartbeat&from=2025-12-29T00:00:00Z&to=2025-12-30T00:00:00Z";
    let buckets = service.get(&format!("/stats?{day}")).json()["buckets"].clone();
    let rejected: Vec<u64> =
        buckets.as_array().unwrap().iter().map(|bucket| bucket["rejected"].as_u64().unwrap()).collect();
    let mut expected = [0; 24];
    expected[20] = 2;
    assert_eq!(rejected, expected);
    service.post("/ingest", NO_OFFSET);
    let stream = json!([{"source": "app", "event_type": "heartbeat", "rejected": 3}]);
    assert_eq!(service.get("/streams").json()["streams"], stream);
}

#[test]
fn what_is_not_looked_into_is_counted_alone() {
    let service = Service::new(Config { max_event_bytes: 200, max_batch_bytes: 1_000, ..Config::default() });
    service.post("/ingest", vec![b' '; 201]);
    service.post("/ingest/batch", vec![b' '; 1_001]);
    service.call(Method::POST, "/ingest/batch", &[("content-type", "application/x-ndjson")], vec![b'x'; 201]);
    service.call(Method::POST, "/ingest", &[("content-type", "text/plain")], NO_OFFSET);
    service.post("/ingest?dry_run=true", NO_OFFSET);
    // A question is no event.
    service.get("/events");
    assert_eq!(records(&service, ""), Vec::<Value>::new());
    let expected = [hour("too_large", 3, 3), hour("missing_offset", 1, 1), hour("unsupported_media_type", 1, 1)];
    assert_eq!(hours(&service), expected);

    let closed = Service::with_tokens(&["secret"]);
    closed.post("/ingest", NO_OFFSET);
    closed.get("/events");
    let answered = closed.call(Method::GET, "/rejections/stats", &[("authorization", "Bearer secret")], "");
    assert_eq!(answered.json()["hours"], json!([hour("unauthorized", 1, 1)]));
    assert_eq!(closed.get("/rejections").gist(), "401 ERROR unauthorized");
}

#[test]
fn pages_follow_each_other_and_belong_to_one_question() {
    let service = service(false);
    let lines: Vec<String> = (0..250).map(|number| NO_OFFSET.replace("user_1", &format!("user_{number}"))).collect();
    service.call(Method::POST, "/ingest/batch", &[("content-type", "application/x-ndjson")], lines.join("\n"));
    let (mut cursor, mut seen) = (String::new(), std::collections::BTreeSet::new());
    loop {
        let page = service.get(&format!("/rejections?source=app&limit=70{cursor}")).json();
        for record in page["rejections"].as_array().unwrap() {
            assert!(seen.insert(record["entity_id"].as_str().unwrap().to_owned()), "{record} is repeated");
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        let other = service.get(&format!("/rejections?source=other&cursor={next}"));
        assert_eq!(other.gist(), "400 ERROR invalid_parameter");
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 250);
    for wrong in ["code=none", "from=2025", "from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "cursor=x", "limit=0"]
    {
        assert_eq!(service.get(&format!("/rejections?{wrong}")).gist(), "400 ERROR invalid_parameter", "{wrong}");
    }
    let years = "from=2020-01-01T00:00:00Z&to=2025-01-01T00:00:00Z";
    assert_eq!(service.get(&format!("/rejections/stats?{years}")).gist(), "400 ERROR invalid_parameter");
}

#[test]
fn a_store_that_is_away_gets_it_later() {
    let service = service(false);
    service.api.store().lose_evidence.store(true, std::sync::atomic::Ordering::Relaxed);
    service.post("/ingest", NO_OFFSET);
    assert!(matches!(block_on(service.api.write_evidence()), Err(StoreError::Unavailable(_))));
    assert_eq!(hours(&service), Vec::<Value>::new());
    service.api.store().lose_evidence.store(false, std::sync::atomic::Ordering::Relaxed);
    block_on(service.api.write_evidence()).unwrap();
    assert_eq!((records(&service, "").len(), hours(&service)), (1, vec![hour("missing_offset", 1, 0)]));
    block_on(service.api.write_evidence()).unwrap();
    assert_eq!(hours(&service), [hour("missing_offset", 1, 0)], "nothing is written twice");
}

#[test]
fn one_that_drains_writes_for_readers_and_at_its_end() {
    let service = service(false);
    let (stop, stopped) = futures_channel::oneshot::channel::<()>();
    // No pause ends: a reader alone makes it write, and the end.
    let drained = service.api.drain_evidence(|_: Duration| futures_util::future::pending::<()>(), async {
        let _ = stopped.await;
    });
    let told = async {
        let post = || request(Method::POST, "/ingest", &[("content-type", "application/json")], NO_OFFSET);
        service.asynchronously(post()).await;
        let found = service.asynchronously(request(Method::GET, "/rejections", &[], "")).await;
        assert_eq!(found.json()["rejections"][0]["count"], 1);
        let found = service.asynchronously(request(Method::GET, "/rejections", &[], "")).await;
        assert_eq!(found.json()["rejections"][0]["count"], 1);
        service.asynchronously(post()).await;
        drop(stop);
    };
    block_on(futures_util::future::join(drained, told));
    assert_eq!(records(&service, "")[0]["count"], 2);
}
