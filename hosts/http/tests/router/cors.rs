//! CORS.

use axum::body::Body;
use axum::http::Method;
use pik_http::{Api, Config, ConfigError, HostFault};

use crate::service::{Answered, EXAMPLE, Service, TestHost, TestStore, read, request};

const HERE: (&str, &str) = ("origin", "https://app.example");
const ELSEWHERE: (&str, &str) = ("origin", "https://evil.example");
const ASKING: (&str, &str) = ("access-control-request-method", "POST");
const JSON: (&str, &str) = ("content-type", "application/json");

fn service() -> Service {
    let cors_origins = vec!["http://localhost:3000".into(), "https://app.example".into()];
    Service::new(Config { cors_origins, tokens: vec!["secret".into()], ..Config::default() })
}

fn preflight(service: &Service, path: &str, headers: &[(&str, &str)]) -> Answered {
    service.call(Method::OPTIONS, path, headers, Body::empty())
}

#[test]
fn a_preflight_needs_no_token() {
    let answer = preflight(&service(), "/ingest/batch", &[HERE, ASKING]);
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    for name in ["authorization", "content-encoding", "content-type", "x-request-id"] {
        assert!(answer.header("access-control-allow-headers").contains(name), "{name}");
    }
    assert_eq!(answer.header("vary"), "origin");
    assert!(!answer.header("x-request-id").is_empty());
}

#[test]
fn what_is_no_preflight_of_an_allowed_origin_stays_405() {
    for headers in [&[ELSEWHERE, ASKING][..], &[HERE], &[ASKING], &[]] {
        assert_eq!(preflight(&service(), "/ingest", headers).gist(), "405 ERROR method_not_allowed");
    }
    assert_eq!(preflight(&service(), "/nowhere", &[HERE, ASKING]).gist(), "404 ERROR not_found");
    let off = Service::new(Config::default());
    let answer = preflight(&off, "/ingest", &[HERE, ASKING]);
    assert_eq!(answer.gist(), "405 ERROR method_not_allowed");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control") && name != "vary"));
}

#[test]
fn an_allowed_page_may_read_every_answer_and_no_other_may() {
    let service = service();
    let token = ("authorization", "Bearer secret");
    let answers = |origin| {
        let late = request(Method::POST, "/ingest", &[origin], Body::empty());
        let call = service.api.begin(&late);
        [
            service.call(Method::POST, "/ingest", &[JSON, token, origin], EXAMPLE),
            service.call(Method::POST, "/ingest", &[JSON, origin], EXAMPLE),
            service.call(Method::POST, "/ingest", &[token, origin], EXAMPLE),
            service.call(Method::GET, "/nowhere", &[origin], Body::empty()),
            read(service.api.refuse(&call, HostFault::Overloaded, None)),
        ]
    };
    for answer in answers(HERE) {
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example", "{answer:?}");
        assert_eq!(answer.header("access-control-expose-headers"), "retry-after, x-request-id");
        assert_eq!(answer.header("vary"), "origin");
    }
    for near in ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null", "*"] {
        for answer in answers(("origin", near)) {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{near}");
            assert_eq!(answer.header("vary"), "origin");
        }
    }
}

#[test]
fn what_is_no_origin_stops_the_start() {
    for origin in
        ["", "*", "null", "app.example", "https://", "https://app.example/", "https://App.example", "https://a b"]
    {
        let config = Config { cors_origins: vec![origin.into()], ..Config::default() };
        let made = Api::new(TestStore::default(), TestHost::default(), config);
        assert_eq!(made.err(), Some(ConfigError::Origin(origin.into())), "{origin:?}");
    }
    for origin in ["http://localhost:3000", "https://app.example", "http://[::1]:8080", "tauri://localhost"] {
        let config = Config { cors_origins: vec![origin.into()], ..Config::default() };
        assert!(Api::new(TestStore::default(), TestHost::default(), config).is_ok(), "{origin:?}");
    }
}
