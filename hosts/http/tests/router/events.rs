//! `GET /events`: one question at a time, page by page.

use axum::body::Body;
use axum::http::Method;
use pik_core::StoreError;
use pik_http::Config;
use serde_json::{Value, json};

use crate::service::{Answered, EXAMPLE, EXAMPLE_ID, EXAMPLE_KEY, Service};

/// Five events of one entity, each a second after the one before and two seconds late, and a duplicate of each odd one.
fn service() -> Service {
    let service = Service::new(Config::default());
    for second in 1..=5 {
        let body = EXAMPLE.replace("23:59:59Z", &format!("10:00:0{second}Z"));
        service.arrive(second, &body, &format!("2025-12-28T10:00:0{}.000Z", second + 2));
        if second % 2 == 1 {
            service.arrive(second + 10, &body, &format!("2025-12-28T11:00:0{second}.000Z"));
        }
    }
    service
}

/// Event time and lag in seconds of each record, `D` behind a duplicate.
fn told(answer: &Answered) -> String {
    let json = answer.json();
    let events = json["events"].as_array().unwrap_or_else(|| panic!("{json}"));
    let one = |event: &Value| {
        let second = event["event_time"].as_str().unwrap().get(18..19).unwrap().to_owned();
        let mark = if event["status"] == "DUPLICATE" { "D" } else { "" };
        format!("{second}+{}{mark}", event["ingest_lag_ms"].as_i64().unwrap() / 1_000)
    };
    events.iter().map(one).collect::<Vec<_>>().join(" ")
}

const BY_LAG: &str = "/events?source=demo&event_type=heartbeat&event_date=2025-12-28";

#[test]
fn a_record_is_told_as_it_is_kept() {
    let service = Service::new(Config::default());
    service.post("/ingest", EXAMPLE);
    let answer = service.get("/events?entity_id=user_123");
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    assert_eq!(answer.header("content-type"), "application/json");
    let expected = json!({"events": [{
        "event_id": EXAMPLE_ID,
        "source": "demo",
        "event_type": "heartbeat",
        "entity_id": "user_123",
        "event_time": "2025-12-28T23:59:59Z",
        "ingest_time": "2025-12-29T20:15:35.580Z",
        "ingest_lag_ms": 72_936_580,
        "status": "ACCEPTED",
        "raw_bucket": "memory",
        "raw_key": EXAMPLE_KEY,
        "raw_size": EXAMPLE.len(),
        "payload_hash": "2c789a8611e9a36b1e8e5ee714886ab3e7efa24325c1f7cac0b5c75b56e6d881",
        "receipt": service.api.store().receipts.lock().unwrap()[0],
        "contract": 1,
    }], "next_cursor": null});
    assert_eq!(answer.json(), expected);
}

#[test]
fn each_question_is_answered_in_its_order() {
    let service = service();
    for (target, expected) in [
        ("/events?entity_id=user_123", "1+2 1+3600D 2+2 3+2 3+3600D 4+2 5+2 5+3600D"),
        ("/events?entity_id=user_123&status=ACCEPTED", "1+2 2+2 3+2 4+2 5+2"),
        ("/events?entity_id=user_123&status=DUPLICATE", "1+3600D 3+3600D 5+3600D"),
        ("/events?entity_id=user_123&from=2025-12-28T10:00:04Z", "4+2 5+2 5+3600D"),
        ("/events?entity_id=user_123&to=20251228T100002Z", "1+2 1+3600D"),
        ("/events?entity_id=user_123&from=2025-12-28T12:00:02%2B02:00&to=2025-12-28%2010:00:03z", "2+2"),
        ("/events?entity_id=user_12", ""),
        (BY_LAG, "1+2 2+2 3+2 4+2 5+2"),
        (&format!("{BY_LAG}&min_lag_ms=2000"), "1+2 2+2 3+2 4+2 5+2"),
        (&format!("{BY_LAG}&min_lag_ms=2001"), ""),
        (&format!("{BY_LAG}&min_lag=2s"), "1+2 2+2 3+2 4+2 5+2"),
        (&format!("{BY_LAG}&min_lag=1m"), ""),
        (&format!("{BY_LAG}&min_lag_ms=-1"), "1+2 2+2 3+2 4+2 5+2"),
        ("/events?ingested_from=2025-12-28T10:00:06Z&ingested_to=2025-12-28T11:00:02Z", "4+2 5+2 1+3600D"),
        ("/events?ingested_from=2025-12-28T10:00:06.0001Z&ingested_to=2025-12-28T10:00:07.0001Z", "5+2"),
        ("/events?ingested_from=2025-12-28T10:00:06Z&ingested_to=2025-12-28T11:00:02Z&status=DUPLICATE", "1+3600D"),
        ("/events?arrived_from=2025-12-28T10:00:06Z&arrived_to=2025-12-28T11:00:02Z", "4+2 5+2 1+3600D"),
        ("/events?arrived_from=2025-12-28T10:00:06Z&order=desc", "5+3600D 3+3600D 1+3600D 5+2 4+2"),
        ("/events?order=desc&limit=2", "5+3600D 3+3600D"),
        ("/events?arrived_to=2025-12-28T10:00:05Z", "1+2 2+2"),
        ("/events?source=demo&event_type=heartbeat&order=desc&status=ACCEPTED&limit=3", "5+2 4+2 3+2"),
        ("/events?source=demo&event_type=heartbea", ""),
        ("/events?from=2025-12-28T10:00:02Z&to=2025-12-28T10:00:04Z", "2+2 3+2 3+3600D"),
        ("/events?from=2025-12-28T10:00:02Z&until=2025-12-28T10:00:04Z&order=desc", "3+3600D 3+2 2+2"),
        ("/events?source=demo&to=2025-12-28T10:00:03Z&status=ACCEPTED&order=desc", "2+2 1+2"),
        ("/events?source=dem&to=2025-12-28T10:00:03Z", ""),
    ] {
        let answer = service.get(target);
        // Of equal lags the order is the store's.
        let told = if target.starts_with(BY_LAG) {
            let mut parts: Vec<String> = told(&answer).split(' ').map(str::to_owned).collect();
            parts.sort();
            parts.join(" ")
        } else {
            told(&answer)
        };
        assert_eq!(told, expected, "{target}");
    }
}

#[test]
fn pages_follow_each_other_and_end() {
    let service = service();
    let questions = [
        "/events?entity_id=user_123".to_owned(),
        BY_LAG.to_owned(),
        "/events?ingested_from=2025-12-28T00:00:00Z&ingested_to=2025-12-29T00:00:00Z".to_owned(),
        "/events?order=desc".to_owned(),
        "/events?source=demo&from=2025-12-28T00:00:00Z".to_owned(),
        "/events?source=demo&event_type=heartbeat&from=2025-12-28T00:00:00Z&order=desc".to_owned(),
    ];
    for question in questions {
        let whole = service.get(&question);
        let count = whole.json()["events"].as_array().unwrap().len();
        assert_eq!(whole.json()["next_cursor"], Value::Null);
        for limit in 1..=count {
            let (mut pages, mut target) = (Vec::new(), format!("{question}&limit={limit}"));
            loop {
                let page = service.get(&target).json();
                pages.extend(page["events"].as_array().unwrap().clone());
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
                target = format!("{question}&limit={limit}&cursor={cursor}");
            }
            assert_eq!(Value::from(pages), whole.json()["events"], "{question} by {limit}");
        }
    }
}

#[test]
fn the_limit_is_100_unless_it_is_said() {
    let service = Service::new(Config::default());
    for nth in 0..101 {
        let body = EXAMPLE.replace("10}", &format!("{nth}}}"));
        service.arrive(nth, &body, "2025-12-29T20:15:35.580Z");
    }
    let count = |query: &str| {
        let page = service.get(&format!("/events?entity_id=user_123{query}")).json();
        (page["events"].as_array().unwrap().len(), page["next_cursor"].is_string())
    };
    assert_eq!(count(""), (100, true));
    assert_eq!(count("&limit=101"), (101, false));
    assert_eq!(count("&limit=1000"), (101, false));
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let service = service();
    for (query, words) in [
        ("", "say what to look for"),
        ("?", "say what to look for"),
        ("?limit=5", "say what to look for"),
        ("?status=ACCEPTED", "say what to look for"),
        ("?entity=user_123", "`entity` is an unknown parameter; those here are `entity_id`"),
        ("?entity_id=a&%0A%1b[31m=1", "an unknown parameter; those here"),
        ("?entity_id=a&dry_run=true", "unknown parameter"),
        ("?entity_id=a&Limit=5", "`Limit` is an unknown parameter"),
        ("?entity_id=a&entity_id=a", "`entity_id` occurs twice"),
        ("?entity_id=", "`entity_id` is empty"),
        ("?entity_id=%FF", "`entity_id` is not UTF-8"),
        ("?entity_id=a&source=demo", "`source` does not go with `entity_id`"),
        ("?entity_id=a&ingested_from=2025-12-28T10:00:00Z", "`arrived_from` does not go with `entity_id`"),
        ("?entity_id=a&min_lag_ms=1", "`min_lag_ms` does not go with `entity_id`"),
        ("?entity_id=a&from=2025-12-28T10:00:00", "`from` is not a time: the UTC offset is missing"),
        ("?entity_id=a&from=2025-12-28", "`from` is not a time: not a date and time that exists"),
        ("?entity_id=a&from=2025-12-28T10:00:00+02:00", "a + of an offset as %2B"),
        ("?entity_id=a&to=2025-12-28T10:00:00.1234567890Z", "`to` is not a time: the fraction has more than 9 digits"),
        ("?entity_id=a&to=2025-12-28T25:00:00Z", "`to` is not a time"),
        ("?entity_id=a&from=2025-12-28T10:00:00Z&to=2025-12-28T10:00:00Z", "`from` is not before `to`"),
        ("?entity_id=a&from=2025-12-28T10:00:01Z&to=2025-12-28T10:00:00Z", "`from` is not before `to`"),
        ("?entity_id=a&status=accepted", "`status` is neither `ACCEPTED` nor `DUPLICATE`"),
        ("?entity_id=a&status=PENDING", "`status` is neither `ACCEPTED` nor `DUPLICATE`"),
        ("?entity_id=a&limit=0", "`limit` is not a number from 1 to 1000"),
        ("?entity_id=a&limit=1001", "`limit` is not a number from 1 to 1000"),
        ("?entity_id=a&limit=-1", "`limit` is not a number"),
        ("?entity_id=a&limit=ten", "`limit` is not a number"),
        ("?entity_id=a&limit=", "`limit` is not a number"),
        ("?source=demo&event_date=2025-12-28", "`event_type` is missing"),
        ("?source=demo&event_type=heartbeat&min_lag=1h", "`event_date` is missing"),
        ("?event_type=heartbeat", "`event_type` needs its `source`"),
        ("?source=demo&order=DESC", "`order` is neither `asc` nor `desc`"),
        ("?source=demo&order=desc&order=asc", "`order` occurs twice"),
        ("?from=2025-12-28T10:00:00Z&arrived_to=2025-12-28T10:00:00Z", "`arrived_to` does not go with `from`"),
        ("?from=2025-12-28T10:00:00Z&to=2025-12-28T11:00:00Z&until=2025-12-28T11:00:00Z", "`to` occurs twice"),
        ("?entity_id=a&order=desc", "`order` does not go with `entity_id`"),
        ("?source=demo&event_type=heartbeat&event_date=2025-12-28&min_lag=1w", "`min_lag` is not a lag"),
        ("?source=demo&event_type=heartbeat&event_date=2025-12-28&min_lag=1h&min_lag_ms=5", "say the same"),
        ("?event_type=heartbeat&event_date=2025-12-28", "`source` is missing"),
        ("?min_lag_ms=5", "`source` is missing"),
        (
            "?source=demo&event_type=heartbeat&event_date=2025-12-28&status=ACCEPTED",
            "`status` does not go with `event_date`",
        ),
        (
            "?source=demo&event_type=heartbeat&event_date=2025-12-28&from=2025-12-28T10:00:00Z",
            "`from` does not go with",
        ),
        ("?source=demo&event_type=heartbeat&event_date=2025-02-30", "`event_date` is not a day that exists"),
        ("?source=demo&event_type=heartbeat&event_date=20251228", "`event_date` is not a day"),
        ("?source=demo&event_type=heartbeat&event_date=2025-12-28T10:00:00Z", "`event_date` is not a day"),
        ("?source=demo&event_type=heartbeat&event_date=0000-12-28", "`event_date` is not a day"),
        (
            "?source=demo&event_type=heartbeat&event_date=2025-12-28&min_lag_ms=1.5",
            "`min_lag_ms` is not a whole number",
        ),
        (
            "?source=demo&event_type=heartbeat&event_date=2025-12-28&min_lag_ms=9223372036854775808",
            "`min_lag_ms` is not",
        ),
        ("?ingested_from=2025-12-28T10:00:00Z&ingested_to=2025-12-28T10:00:00Z", "`arrived_from` is not before"),
        ("?ingested_from=2025-12-28T10:00:00Z&ingested_to=2025-12-28T11:00:00", "`arrived_to` is not a time"),
        (
            "?ingested_from=2025-12-28T10:00:00Z&ingested_to=2025-12-28T11:00:00Z&to=2025-12-28T11:00:00Z",
            "`arrived_from` does not go",
        ),
        ("?ingested_from=2025-12-28T10:00:00Z&ingested_to=9999-12-31T23:59:59.9995Z", "`arrived_to` is not a time"),
    ] {
        let answer = service.get(&format!("/events{query}"));
        assert_eq!(answer.gist(), "400 ERROR invalid_parameter", "{query}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{query}: {message}");
    }
    let long = "x".repeat(1_025);
    let answer = service.get(&format!("/events?entity_id={long}"));
    assert_eq!(answer.gist(), "400 ERROR invalid_parameter");
    assert!(!answer.json().to_string().contains("xxx"), "a message quotes a value");
    assert_eq!(service.store_calls(), 0);
}

/// A cursor of `question`.
fn cursor(service: &Service, question: &str) -> String {
    let page = service.get(&format!("{question}&limit=1")).json();
    page["next_cursor"].as_str().unwrap_or_else(|| panic!("{page}")).to_owned()
}

#[test]
fn a_cursor_is_good_for_its_own_question_alone() {
    let service = service();
    let questions = [
        "/events?entity_id=user_123",
        "/events?entity_id=user_123&status=ACCEPTED",
        "/events?entity_id=user_123&from=2025-12-28T10:00:01Z",
        BY_LAG,
        "/events?ingested_from=2025-12-28T00:00:00Z&ingested_to=2025-12-29T00:00:00Z",
        "/events?ingested_from=2025-12-28T00:00:01Z&ingested_to=2025-12-29T00:00:00Z",
        "/events?arrived_from=2025-12-28T00:00:00Z&arrived_to=2025-12-29T00:00:00Z&order=desc",
        "/events?from=2025-12-28T00:00:00Z",
        "/events?from=2025-12-28T00:00:00Z&source=demo",
    ];
    for one in questions {
        let cursor = cursor(&service, one);
        for other in questions {
            let answer = service.get(&format!("{other}&cursor={cursor}"));
            if one == other {
                assert_eq!(answer.status, 200, "{one}");
                assert_eq!(service.get(&format!("{other}&cursor={cursor}&limit=7")).status, 200, "another limit");
            } else {
                assert_eq!(answer.gist(), "400 ERROR invalid_parameter", "{one} and {other}");
                let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
                assert!(message.contains("another question"), "{message}");
            }
        }
    }
    // The same question in other words.
    let cursor = cursor(&service, "/events?entity_id=user_123&from=2025-12-28T10:00:01Z");
    let again = format!("/events?cursor={cursor}&from=2025-12-28T11:00:01.000%2B01:00&entity%5Fid=user_123");
    assert_eq!(service.get(&again).status, 200);
}

#[test]
fn what_is_no_cursor_is_refused() {
    let service = service();
    let question = "/events?entity_id=user_123";
    let whole = cursor(&service, question);
    let mut broken = vec![String::new(), "AQ".into(), "x".into(), "null".into(), "%00".into(), format!("{whole}=")];
    broken.push(whole[..whole.len() - 7].to_owned());
    broken.push(whole[4..].to_owned());
    broken.push(whole.to_lowercase());
    // Another version.
    broken.push(format!("Aw{}", &whole[2..]));
    broken.push("A".repeat(5_000));
    for cursor in broken {
        let answer = service.get(&format!("{question}&cursor={cursor}"));
        assert_eq!(answer.gist(), "400 ERROR invalid_parameter", "{cursor}");
    }
}

#[test]
fn a_store_that_fails_is_told_like_any_other() {
    let service = service();
    for question in ["/events?entity_id=user_123", BY_LAG] {
        service.fail_next([Some(StoreError::Unavailable("secret".into()))]);
        let answer = service.get(question);
        assert_eq!((answer.gist().as_str(), answer.header("retry-after")), ("503 ERROR unavailable", "1"));
        assert!(!answer.json().to_string().contains("secret"));
        service.fail_next([Some(StoreError::Internal("secret".into()))]);
        assert_eq!(service.get(question).gist(), "500 ERROR internal");
    }
    assert!(service.observed().iter().any(|line| line.contains("endpoint: Events") && line.contains("secret")));
}

#[test]
fn head_has_the_head_of_get() {
    let service = service();
    for target in ["/events?entity_id=user_123", "/events?x", &format!("/events/{}", "0".repeat(64))] {
        let (got, head) = (service.get(target), service.call(Method::HEAD, target, &[], Body::empty()));
        assert_eq!((head.status, head.body.len()), (got.status, 0));
        assert_eq!(head.header("content-length"), got.body.len().to_string());
    }
}

#[test]
fn a_walk_through_arrivals_shows_what_was_settled_when_it_began() {
    const WINDOW: &str = "/events?ingested_from=2025-12-29T20:00:00Z&ingested_to=2025-12-30T00:00:00Z";
    let service = Service::new(Config::default());
    // The host's clock shows 20:15:35.580, and what arrives in that millisecond may still be under way.
    let arrive = |nth: usize, time: &str| {
        service.arrive(nth, &EXAMPLE.replace("10}", &format!("{nth}}}")), &format!("2025-12-29T{time}Z"));
    };
    for (nth, time) in ["20:00:00.000", "20:15:35.579", "20:15:35.580", "23:00:00.000"].iter().enumerate() {
        arrive(nth, time);
    }
    let first = service.get(&format!("{WINDOW}&limit=1")).json();
    assert_eq!(first["settled_until"], "2025-12-29T20:15:35.580Z");
    assert_eq!(first["events"][0]["ingest_time"], "2025-12-29T20:00:00.000Z");
    arrive(4, "20:15:36.000");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = service.get(&format!("{WINDOW}&limit=1&cursor={cursor}")).json();
    assert_eq!(second["events"][0]["ingest_time"], "2025-12-29T20:15:35.579Z");
    assert_eq!((&second["next_cursor"], &second["settled_until"]), (&Value::Null, &first["settled_until"]));
    // A window that begins where nothing is settled yet is empty, and says so.
    let ahead = service.get("/events?ingested_from=2025-12-29T21:00:00Z&ingested_to=2025-12-30T00:00:00Z").json();
    assert_eq!(ahead["events"], Value::Array(Vec::new()));
    assert_eq!(ahead["settled_until"], first["settled_until"]);
    // Other questions have nothing to freeze.
    assert_eq!(service.get("/events?entity_id=user_123").json().get("settled_until"), None);
}
