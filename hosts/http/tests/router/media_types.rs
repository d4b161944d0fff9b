//! `Content-Type`.

use axum::http::Method;
use pik_http::Config;

use crate::service::{EXAMPLE, Service};

fn post(path: &str, content_types: &[&str]) -> u16 {
    let headers: Vec<(&str, &str)> = content_types.iter().map(|value| ("content-type", *value)).collect();
    Service::new(Config::default()).call(Method::POST, path, &headers, EXAMPLE).status.as_u16()
}

#[test]
fn json_in_utf_8_is_taken_however_it_is_written() {
    for content_type in [
        "application/json",
        "Application/JSON",
        " application/json ",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        "application/json; charset=\"utf-8\"",
        "application/json; charset=\"u\\tf-8\"",
        "application/json ; CHARSET=Utf-8 ; profile=\"a;charset=latin1\"",
        "application/json;",
        "application/json; ; charset=utf-8",
        "application/json; v=1",
    ] {
        assert_eq!(post("/ingest", &[content_type]), 200, "{content_type}");
    }
}

#[test]
fn everything_else_is_not() {
    for content_types in [
        &[][..],
        &[""],
        &["text/plain"],
        &["application/x-www-form-urlencoded"],
        &["application/jsonx"],
        &["application/json+x"],
        &["application/vnd.api+json"],
        &["application/x-ndjson"],
        &["application/json, application/json"],
        &["application/json", "application/json"],
        &["application/json; charset=latin1"],
        &["application/json; charset=utf-16"],
        &["application/json; charset=utf8"],
        &["application/json; charset=utf-8; charset=latin1"],
        &["application/json; charset=\"utf-8"],
        &["application/json; charset="],
        &["application/json; charset"],
        &["application/json; charset = utf-8"],
        &["application/json charset=utf-8"],
    ] {
        assert_eq!(post("/ingest", content_types), 415, "{content_types:?}");
    }
}

#[test]
fn a_batch_may_be_lines_too() {
    for content_type in ["application/x-ndjson", "Application/X-NDJSON; charset=utf-8"] {
        assert_eq!(post("/ingest/batch", &[content_type]), 200, "{content_type}");
    }
    for content_type in ["application/x-ndjson; charset=ascii", "application/ndjson", "text/plain"] {
        assert_eq!(post("/ingest/batch", &[content_type]), 415, "{content_type}");
    }
}
