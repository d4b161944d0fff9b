//! Paths and methods.

use axum::body::Body;
use axum::http::Method;
use pik_http::{Config, Endpoint};

use crate::service::{EXAMPLE, Service};

#[test]
fn unknown_paths_are_not_found_whatever_the_method() {
    let service = Service::new(Config::default());
    for path in [
        "/",
        "/ingest/",
        "//ingest",
        "/Ingest",
        "/%69ngest",
        "/ingest%2Fbatch",
        "/ingest/batch/",
        "/ingest/x",
        "/healthz/",
        "/events/",
        "/events/x/",
        "/events/x/raw/",
        "/events/x/y",
        "/Events",
        "/stats/x",
        "/metrics",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
            let answer = service.call(method, path, &[("content-type", "application/json")], EXAMPLE);
            assert_eq!(answer.gist(), "404 ERROR not_found", "{path}");
            assert!(answer.header("allow").is_empty());
        }
    }
    assert_eq!(service.store_calls(), 0);
}

#[test]
fn other_methods_are_told_which_ones_there_are() {
    let service = Service::new(Config { metrics: true, ..Config::default() });
    for endpoint in Endpoint::ALL {
        let (allow, others) = if endpoint.takes_events() || endpoint.takes_ids() {
            ("POST", [Method::GET, Method::PUT])
        } else {
            ("GET,HEAD", [Method::POST, Method::PUT])
        };
        for method in others.into_iter().chain([Method::OPTIONS, Method::DELETE, Method::PATCH, Method::TRACE]) {
            let answer = service.call(method.clone(), endpoint.path(), &[], Body::empty());
            assert_eq!(answer.gist(), "405 ERROR method_not_allowed", "{method} {endpoint:?}");
            assert_eq!(answer.header("allow"), allow);
        }
    }
}

#[test]
fn head_is_get_without_a_body() {
    let service = Service::new(Config { metrics: true, ..Config::default() });
    for path in ["/healthz", "/readyz", "/openapi.json", "/metrics"] {
        let got = service.get(path);
        let head = service.call(Method::HEAD, path, &[], Body::empty());
        assert_eq!((head.status, head.body.len()), (got.status, 0));
        assert_eq!(head.header("content-length"), got.body.len().to_string());
    }
    let refused = service.call(Method::HEAD, "/ingest", &[], Body::empty());
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, "POST"));
}
