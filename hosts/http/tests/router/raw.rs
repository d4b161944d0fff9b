//! `GET /events/{event_id}/raw`: the bytes as received, for ever.

use axum::body::Body;
use axum::http::Method;
use pik_http::Config;

use crate::service::{EXAMPLE, EXAMPLE_ID, Service};

/// The example with white space, other orders and escapes, and what surrounds an event and is not kept.
const RESPELLED: &str = "\r\n {\"payload\" : {\"steps\":\t1.0e1}, \"entity\\u005fid\":\"user_123\",\r\n\"source\":\"demo\",\"event_type\":\"heartbeat\",\"event_time\":\"2025-12-29T01:59:59+02:00\"} \n";

fn raw(id: &str) -> String {
    format!("/events/{id}/raw")
}

#[test]
fn the_bytes_are_those_that_came() {
    let service = Service::new(Config::default());
    assert_eq!(service.post("/ingest", RESPELLED).json()["event_id"], EXAMPLE_ID);
    // A later spelling of it is not kept.
    service.post("/ingest", EXAMPLE);
    let answer = service.get(&raw(EXAMPLE_ID));
    assert_eq!(answer.status, 200);
    assert_eq!(str::from_utf8(&answer.body).unwrap(), RESPELLED.trim());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("etag"), format!("\"{EXAMPLE_ID}\""));
    assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let head = service.call(Method::HEAD, &raw(EXAMPLE_ID), &[], Body::empty());
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), RESPELLED.trim().len().to_string());
    assert_eq!(head.header("etag"), answer.header("etag"));
}

#[test]
fn who_has_them_is_not_sent_them_again() {
    let service = Service::new(Config::default());
    service.post("/ingest", EXAMPLE);
    let tag = format!("\"{EXAMPLE_ID}\"");
    let other = format!("\"{}\"", EXAMPLE_ID.replace('5', "6"));
    let ask = |id: &str, values: &[&str]| {
        let headers: Vec<_> = values.iter().map(|value| ("if-none-match", *value)).collect();
        service.call(Method::GET, &raw(id), &headers, Body::empty())
    };
    let several = format!("{other}, W/{tag}");
    for values in [&[&*tag][..], &[&several], &[&other, &tag], &["*"]] {
        let answer = ask(EXAMPLE_ID, values);
        assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0), "{values:?}");
        assert_eq!((answer.header("etag"), answer.header("content-type")), (&*tag, ""));
        assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    }
    for values in [&[&*other][..], &[EXAMPLE_ID], &[""], &[]] {
        assert_eq!(ask(EXAMPLE_ID, values).status, 200, "{values:?}");
    }
    // What is not there is not found, whatever its asker has.
    assert_eq!(ask(&other.replace('"', ""), &[&other]).gist(), "404 ERROR not_found");
}
