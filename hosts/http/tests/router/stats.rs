//! `GET /stats`: counts and lags by hour or day.

use pik_http::Config;
use serde_json::json;

use crate::service::{EXAMPLE, Service};

const TYPE: &str = "/stats?source=demo&event_type=heartbeat";

#[test]
fn every_bucket_is_there() {
    let service = Service::new(Config::default());
    service.arrive(0, EXAMPLE, "2025-12-29T00:00:00.000Z");
    service.arrive(1, EXAMPLE, "2025-12-29T20:15:35.580Z");
    let answer = service.get(&format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-29T00:30:00Z&bucket=hour"));
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let empty = |start: &str| json!({"start": start, "accepted": 0, "duplicate": 0, "rejected": 0, "lag_ms": null, "first_arrival": null, "last_arrival": null});
    let full = |start: &str| {
        json!({
            "start": start, "accepted": 1, "duplicate": 1, "rejected": 0, "lag_ms": {"p50": 1000, "p95": 1000, "p99": 1000, "max": 1000},
            "first_arrival": "2025-12-29T00:00:00.000Z", "last_arrival": "2025-12-29T20:15:35.580Z",
        })
    };
    let hours = [empty("2025-12-28T22:00:00Z"), full("2025-12-28T23:00:00Z"), empty("2025-12-29T00:00:00Z")];
    assert_eq!(answer.json(), json!({ "buckets": hours }));
    // An hour is what is meant when nothing is said.
    let same = service.get(&format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-29T00:30:00Z"));
    assert_eq!(same.json(), answer.json());
    let days = service.get(&format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-29T00:30:00Z&bucket=day"));
    assert_eq!(days.json(), json!({ "buckets": [full("2025-12-28T00:00:00Z"), empty("2025-12-29T00:00:00Z")] }));
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let service = Service::new(Config::default());
    for (query, words) in [
        ("/stats".to_owned(), "`from` is missing"),
        (TYPE.to_owned(), "`from` is missing"),
        (format!("{TYPE}&from=2025-12-28T22:30:00Z"), "`to` is missing"),
        ("/stats?source=demo&from=2025-12-28T22:30:00Z&to=2025-12-28T23:30:00Z".to_owned(), "`event_type` is missing"),
        (format!("{TYPE}&from=2025-12-28T22:30:00&to=2025-12-29T00:30:00Z"), "`from` is not a time: the UTC offset"),
        (format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-28T22:30:00Z"), "`from` is not before `to`"),
        (format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-28T23:30:00Z&bucket=Hour"), "`bucket` is neither"),
        (format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-28T23:30:00Z&bucket=week"), "`bucket` is neither"),
        (format!("{TYPE}&from=2025-12-28T22:30:00Z&to=2025-12-28T23:30:00Z&limit=5"), "unknown parameter"),
        (format!("{TYPE}&from=2024-01-01T00:00:00Z&to=2025-12-28T23:30:00Z"), "more than 10000 buckets"),
        (format!("{TYPE}&from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59.9Z&bucket=day"), "more than 10000 buckets"),
    ] {
        let answer = service.get(&query);
        assert_eq!(answer.gist(), "400 ERROR invalid_parameter", "{query}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{query}: {message}");
    }
    assert_eq!(service.store_calls(), 0);
    let most = service.get(&format!("{TYPE}&from=2025-01-01T00:00:00Z&to=2026-02-21T16:00:00Z"));
    assert_eq!(most.json()["buckets"].as_array().unwrap().len(), 10_000);
}
