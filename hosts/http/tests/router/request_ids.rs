//! `x-request-id`.

use axum::body::Body;
use axum::http::{Method, Request};
use pik_http::Config;

use crate::service::{EXAMPLE, Service};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_usable_id_is_taken_returned_logged_and_part_of_the_receipt() {
    let service = Service::new(Config::default());
    let longest = "x".repeat(128);
    for id in ["req-7", "Root=1-67891233-abcdef012345678912345678", longest.as_str()] {
        let answer = service.call(Method::POST, "/ingest", &[JSON, ("x-request-id", id)], EXAMPLE);
        assert_eq!(answer.header("x-request-id"), id);
        assert!(service.observed()[0].contains(&format!("request_id: {id:?}")));
        let receipts = service.api.store().receipts.lock().unwrap();
        assert!(receipts.last().unwrap().starts_with(&format!("{id}.")));
    }
}

#[test]
fn the_same_id_twice_makes_two_receipts() {
    let service = Service::new(Config::default());
    for _ in 0..2 {
        service.call(Method::POST, "/ingest", &[JSON, ("x-request-id", "again")], EXAMPLE);
    }
    let receipts = service.api.store().receipts.lock().unwrap();
    assert_eq!(*receipts, ["again.0000000000000001.0", "again.0000000000000002.0"]);
}

#[test]
fn any_other_is_replaced() {
    let service = Service::new(Config::default());
    let too_long = "x".repeat(129);
    for id in ["", "two words", "quo\"te", "back\\slash", too_long.as_str(), "tab\there"] {
        let answer = service.call(Method::POST, "/ingest", &[JSON, ("x-request-id", id)], EXAMPLE);
        let made = answer.header("x-request-id");
        assert!(made != id && pik_core::is_request_id(made), "{id:?} became {made:?}");
    }
    let not_text = Request::get("/healthz").header("x-request-id", &b"caf\xe9"[..]).body(Body::empty()).unwrap();
    assert!(pik_core::is_request_id(service.send(not_text).header("x-request-id")));
}

#[test]
fn every_answer_has_one() {
    let service = Service::with_tokens(&["secret"]);
    for (method, target) in [
        (Method::GET, "/healthz"),
        (Method::GET, "/readyz"),
        (Method::GET, "/openapi.json"),
        (Method::GET, "/nowhere"),
        (Method::GET, "/ingest"),
        (Method::POST, "/ingest"),
        (Method::POST, "/ingest/batch"),
        (Method::GET, "/healthz?x"),
    ] {
        let given = service.call(method.clone(), target, &[("x-request-id", "mine")], Body::empty());
        assert_eq!(given.header("x-request-id"), "mine", "{method} {target}");
        let made = service.call(method, target, &[], Body::empty());
        assert_eq!(made.header("x-request-id").len(), 32, "{target}");
    }
}
