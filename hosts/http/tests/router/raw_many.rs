//! `POST /events/raw`: several events as they were received.

use axum::http::Method;
use pik_core::{Event, StoreError};
use pik_http::Config;
use serde_json::{Value, json};

use crate::service::{Answered, EXAMPLE, Service};

const MIB: usize = 1024 * 1024;

fn ask(service: &Service, ids: &[String]) -> Answered {
    service.post("/events/raw", json!({ "event_ids": ids }).to_string())
}

fn numbered(number: usize) -> String {
    EXAMPLE.replace("user_123", &format!("user_{number}")).replace(",\"entity_id\"", ",\r\n\t\"entity_id\"")
}

fn id(body: &str) -> String {
    Event::parse(body.as_bytes()).unwrap().id().to_string()
}

#[test]
fn as_many_as_may_be_asked_for_are_answered_in_order_and_byte_for_byte() {
    let service = Service::new(Config::default());
    for nth in 0..125 {
        service.arrive(nth, &numbered(nth * 2), "2025-12-29T00:00:00.000Z");
    }
    let ids: Vec<String> = (0..250).rev().map(|nth| id(&numbered(nth))).collect();
    let answer = ask(&service, &ids);
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let results = answer.json()["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 250);
    for (place, (result, id)) in results.iter().zip(&ids).enumerate() {
        let expected = if place % 2 == 0 { Value::Null } else { json!(numbered(249 - place)) };
        assert_eq!(*result, json!({ "event_id": id, "raw": expected }));
    }
    let twice = ask(&service, &[ids[1].clone(), ids[1].clone()]).json();
    assert_eq!(twice["results"][0], twice["results"][1]);
    assert_eq!(ask(&service, &[]).json(), json!({ "results": [] }));
}

/// What is asked for again and again is answered in parts that a function may answer, and in the end whole.
#[test]
fn large_events_are_answered_a_few_at_a_time() {
    let service = Service::new(Config::default());
    // Line ends, which take two bytes each in JSON.
    let large = |number: usize| {
        let start = EXAMPLE.strip_suffix("{\"steps\":10}}").unwrap();
        let start = format!("{start}{{\"number\":{number}");
        let room = MIB - start.len() - 2;
        format!("{start}{}}}}}", "\n".repeat(room))
    };
    let bodies: Vec<String> = (0..40).map(large).collect();
    for (nth, body) in bodies.iter().enumerate() {
        service.arrive(nth, body, "2025-12-29T00:00:00.000Z");
    }
    let small: Vec<String> = (0..3).map(numbered).collect();
    for (nth, body) in small.iter().enumerate() {
        service.arrive(nth, body, "2025-12-29T00:00:00.000Z");
    }
    let all: Vec<&String> = small.iter().chain(&bodies).collect();
    let ids: Vec<String> = all.iter().map(|body| id(body)).collect();
    let (mut done, mut requests) = (0, 0);
    while done < ids.len() {
        let answer = ask(&service, &ids[done..]);
        assert!(answer.body.len() < 6_000_000, "{}", answer.body.len());
        for result in answer.json()["results"].as_array().unwrap() {
            assert_eq!((result["event_id"].as_str(), result["raw"].as_str()), (Some(&*ids[done]), Some(&**all[done])));
            done += 1;
        }
        requests += 1;
    }
    assert!(requests >= 20, "{requests} requests");
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let service = Service::new(Config::default());
    let good = id(EXAMPLE);
    let many = json!({ "event_ids": vec![&good; 251] }).to_string();
    for (body, status, words) in [
        ("", 400, "is not `{\"event_ids\":[\"…\"]}`"),
        ("{\"event_ids\":[\"raw\"]}", 400, "event_ids[0]: "),
        (&many, 400, "there are 251 ids; ask for at most 250"),
        (&" ".repeat(128 * 1024 + 1), 413, "at most 131072 bytes"),
    ] {
        let answer = service.post("/events/raw", body.to_owned());
        assert_eq!(answer.gist(), format!("{status} ERROR invalid_parameter"), "{body:.60}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{body:.60}: {message}");
    }
    let answer = service.post("/events/raw?limit=3", json!({ "event_ids": [good] }).to_string());
    assert_eq!(answer.gist(), "400 ERROR invalid_parameter");
    assert_eq!(service.store_calls(), 0);
    assert_eq!(service.call(Method::GET, "/events/raw", &[], "").gist(), "405 ERROR method_not_allowed");
}

#[test]
fn a_store_that_fails_is_no_store_without_the_events() {
    let service = Service::new(Config::default());
    service.arrive(0, &numbered(0), "2025-12-29T00:00:00.000Z");
    service.fail_next([None, Some(StoreError::Unavailable("away".into()))]);
    assert_eq!(ask(&service, &[id(&numbered(0)), id(EXAMPLE)]).gist(), "503 ERROR unavailable");
}
