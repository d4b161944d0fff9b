//! `GET /streams`: which sources and types there are.

use pik_http::Config;
use serde_json::json;

use crate::service::{EXAMPLE, Service};

#[test]
fn streams_come_in_order_and_in_pages() {
    let service = Service::new(Config::default());
    let none = service.get("/streams");
    assert_eq!(none.json(), json!({"streams": [], "next_cursor": null, "settled_until": "2025-12-29T20:15:35.580Z"}));
    for (nth, source) in ["shop", "demo", "app", "demo"].iter().enumerate() {
        service.arrive(nth, &EXAMPLE.replace("demo", source), "2025-12-29T00:00:00.000Z");
    }
    let answer = service.get("/streams?limit=2");
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let stream = |source: &str, duplicate: u64| {
        json!({
            "source": source, "event_type": "heartbeat", "accepted": 1, "duplicate": duplicate, "rejected": 0,
            "first_arrival": "2025-12-29T00:00:00.000Z", "last_arrival": "2025-12-29T00:00:00.000Z",
            "last_event_time": "2025-12-28T23:59:59Z",
        })
    };
    assert_eq!(answer.json()["streams"], json!([stream("app", 0), stream("demo", 1)]));
    let cursor = answer.json()["next_cursor"].as_str().unwrap().to_owned();
    let rest = service.get(&format!("/streams?limit=2&cursor={cursor}")).json();
    assert_eq!((&rest["streams"], &rest["next_cursor"]), (&json!([stream("shop", 0)]), &json!(null)));

    let other = service.get(&format!("/events?entity_id=user_123&cursor={cursor}"));
    assert_eq!(other.gist(), "400 ERROR invalid_parameter");
}

#[test]
fn a_stream_that_is_not_there_is_told_with_the_nearest_names() {
    let service = Service::new(Config::default());
    let questions = |source: &str, event_type: &str| {
        let names = format!("source={source}&event_type={event_type}");
        [
            format!("/events?{names}&from=2025-12-28T00:00:00Z"),
            format!("/events?{names}&order=desc"),
            format!("/events?{names}&event_date=2025-12-28"),
            format!("/stats?{names}&from=2025-12-28T00:00:00Z&to=2025-12-29T00:00:00Z"),
        ]
    };
    for question in questions("demo", "heartbeat") {
        assert_eq!(service.get(&question).json()["unknown_stream"], json!({"nearest": []}), "{question}");
    }
    for (nth, source) in ["shop", "demo", "zoo", "demo2", "quite another"].iter().enumerate() {
        service.arrive(nth, &EXAMPLE.replace("demo", source), "2025-12-29T00:00:00.000Z");
    }
    let named = |source: &str| json!({"source": source, "event_type": "heartbeat"});
    let nearest = json!({"nearest": [named("demo"), named("demo2"), named("zoo")]});
    for question in questions("Demo", "heart") {
        assert_eq!(service.get(&question).json()["unknown_stream"], nearest, "{question}");
    }
    assert_eq!(service.get("/events?source=Demo&order=desc").json()["unknown_stream"], nearest);

    // Nothing lies there of a stream that there is.
    let empty = [
        "/events?source=demo&from=2024-12-28T00:00:00Z&to=2024-12-29T00:00:00Z",
        "/events?source=demo&event_type=heartbeat&event_date=2024-12-28",
        "/events?entity_id=nobody",
        "/events?arrived_from=2026-12-28T00:00:00Z",
        "/stats?source=demo&event_type=heartbeat&from=2024-12-28T00:00:00Z&to=2024-12-29T00:00:00Z",
    ];
    for question in empty {
        assert_eq!(service.get(question).json().get("unknown_stream"), None, "{question}");
    }
    // Where there are rows, the names are not looked up.
    for question in questions("demo", "heartbeat") {
        let before = service.store_calls();
        assert_eq!(service.get(&question).json().get("unknown_stream"), None, "{question}");
        let asks_for_settled = u64::from(question.contains("order"));
        assert_eq!(service.store_calls() - before, 1 + asks_for_settled, "{question}");
    }
    // What was asked is answered, when the names cannot be looked up.
    service.fail_next([None, Some(pik_core::StoreError::Unavailable("as asked".into()))]);
    let answer = service.get("/events?source=none&from=2025-12-28T00:00:00Z");
    assert_eq!((answer.status.as_u16(), answer.json().get("unknown_stream")), (200, None));
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let service = Service::new(Config::default());
    for (query, words) in [
        ("/streams?source=demo", "`source` is an unknown parameter; those here are `limit` and `cursor`"),
        ("/streams?limit=1001", "not a number from 1 to 1000"),
        ("/streams?cursor=AAAA", "`cursor` is not one that came with a page here"),
    ] {
        let answer = service.get(query);
        assert_eq!(answer.gist(), "400 ERROR invalid_parameter", "{query}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{query}: {message}");
    }
}
