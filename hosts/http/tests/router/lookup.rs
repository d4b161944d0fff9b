//! `POST /events/lookup`: which of these events there are.

use axum::http::Method;
use pik_core::{Event, StoreError};
use pik_http::Config;
use serde_json::{Value, json};

use crate::service::{Answered, EXAMPLE, Service};

fn ask(service: &Service, ids: &[String]) -> Answered {
    service.call(
        Method::POST,
        "/events/lookup",
        &[("content-type", "application/json")],
        json!({ "event_ids": ids }).to_string(),
    )
}

fn number(number: usize) -> String {
    EXAMPLE.replace("user_123", &format!("user_{number}"))
}

fn id(body: &str) -> String {
    Event::parse(body.as_bytes()).unwrap().id().to_string()
}

#[test]
fn as_many_as_may_be_asked_for_are_answered_in_order() {
    let service = Service::new(Config::default());
    for nth in 0..500 {
        service.arrive(nth, &number(nth * 2), "2025-12-29T00:00:00.000Z");
    }
    let ids: Vec<String> = (0..1_000).rev().map(|nth| id(&number(nth))).collect();
    let answer = ask(&service, &ids);
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let results = answer.json()["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 1_000);
    for (place, (result, id)) in results.iter().zip(&ids).enumerate() {
        assert_eq!(result["event_id"], json!(id));
        let alone = service.get(&format!("/events/{id}"));
        let expected = if alone.status.as_u16() == 200 { alone.json()["event"].clone() } else { Value::Null };
        assert_eq!(result["event"], expected);
        assert_eq!(expected.is_null(), place % 2 == 0);
    }
    let twice = ask(&service, &[ids[1].clone(), ids[1].clone()]).json();
    assert_eq!(twice["results"][0], twice["results"][1]);
    assert_eq!(ask(&service, &[]).json(), json!({ "results": [] }));
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let service = Service::new(Config::default());
    let good = id(EXAMPLE);
    let many = json!({ "event_ids": vec![&good; 1_001] }).to_string();
    let long = format!("{{\"event_ids\":[{}]}}", " ".repeat(128 * 1024));
    for (body, status, words) in [
        ("", 400, "is not `{\"event_ids\":[\"…\"]}`"),
        ("[]", 400, "is not `{\"event_ids\":[\"…\"]}`"),
        (&format!("[[\"{good}\"]]"), 400, "it is no object"),
        ("{\"event_ids\":[1]}", 400, "the ids as texts"),
        ("{\"event_ids\":[],\"limit\":3}", 400, "unknown field `limit`"),
        ("{\"event_ids\":[\"\"]}", 400, "event_ids[0]: "),
        (&format!("{{\"event_ids\":[\"{good}\",\"{}\"]}}", good.to_uppercase()), 400, "event_ids[1]: "),
        (&many, 400, "there are 1001 ids; ask for at most 1000"),
        (&long, 413, "at most 131072 bytes"),
    ] {
        let answer = service.call(Method::POST, "/events/lookup", &[], body.to_owned());
        assert_eq!(answer.gist(), format!("{status} ERROR invalid_parameter"), "{body:.60}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{body:.60}: {message}");
    }
    let zipped = service.call(Method::POST, "/events/lookup", &[("content-encoding", "gzip")], "x");
    assert_eq!(zipped.gist(), "400 ERROR invalid_parameter");
    let answer = service.call(Method::POST, "/events/lookup?limit=3", &[], json!({ "event_ids": [good] }).to_string());
    assert_eq!(answer.gist(), "400 ERROR invalid_parameter");
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn a_store_that_fails_is_no_store_without_the_events() {
    let service = Service::new(Config::default());
    service.fail_next([Some(StoreError::Unavailable("away".into()))]);
    assert_eq!(ask(&service, &[id(EXAMPLE)]).gist(), "503 ERROR unavailable");
}
