//! `/metrics` is an endpoint like the others.

use pik_http::Config;

use crate::served::{LIMITS, Served};

#[test]
fn it_has_methods_a_request_id_and_a_place_in_the_document() {
    let served = Served::new(Config { metrics: true, ..Config::default() }, LIMITS);
    let ask = |method: &str, path: &str| {
        served.ask(&format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nx-request-id: mine\r\n\r\n"))
    };
    let (status, text) = ask("GET", "/metrics");
    assert!(status == 200 && text.contains("pik_build_info") && text.contains("x-request-id: mine"), "{text}");
    let (status, text) = ask("POST", "/metrics");
    assert!(status == 405 && text.contains("allow: GET,HEAD") && text.contains("method_not_allowed"), "{text}");
    let (_, text) = ask("GET", "/openapi.json");
    assert!(text.contains("\"/metrics\":"));

    let mut client = served.connect();
    client.write("HEAD /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("content-length: "), "{head}");
    assert!(client.is_closed());

    let off = Served::new(Config::default(), LIMITS);
    assert_eq!(off.ask("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").0, 404);
}
