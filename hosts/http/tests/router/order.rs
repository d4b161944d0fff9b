//! The order of checks: of any two faults, the one that the contract names first is answered.

use axum::http::Method;
use pik_http::Config;

use crate::service::{EXAMPLE, Service};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fault {
    Path,
    Method,
    Token,
    Parameters,
    ContentType,
    ContentEncoding,
    Size,
    Event,
}

const FAULTS: [(Fault, &str); 8] = [
    (Fault::Path, "404 ERROR not_found"),
    (Fault::Method, "405 ERROR method_not_allowed"),
    (Fault::Token, "401 ERROR unauthorized"),
    (Fault::Parameters, "400 ERROR invalid_parameter"),
    (Fault::ContentType, "415 REJECTED unsupported_media_type"),
    (Fault::ContentEncoding, "415 REJECTED unsupported_media_type"),
    (Fault::Size, "413 REJECTED too_large"),
    (Fault::Event, "400 REJECTED invalid_json"),
];

fn send(path: &str, faults: &[Fault]) -> String {
    let config =
        Config { tokens: vec!["secret".into()], max_event_bytes: 1000, max_batch_bytes: 1000, ..Config::default() };
    let service = Service::new(config);
    let has = |fault| faults.contains(&fault);
    let path = if has(Fault::Path) { format!("{path}/") } else { path.to_owned() };
    let query = if has(Fault::Parameters) { "?dry_run=1" } else { "" };
    let mut headers = vec![("content-type", if has(Fault::ContentType) { "text/csv" } else { "application/json" })];
    if has(Fault::ContentEncoding) {
        headers.push(("content-encoding", "br"));
    }
    if !has(Fault::Token) {
        headers.push(("authorization", "Bearer secret"));
    }
    let mut body = if has(Fault::Event) { "[{".to_owned() } else { format!("[{EXAMPLE}]") };
    if path == "/ingest" && !has(Fault::Event) {
        body = EXAMPLE.to_owned();
    }
    if has(Fault::Size) {
        body.push_str(&" ".repeat(1000));
    }
    let method = if has(Fault::Method) { Method::PUT } else { Method::POST };
    service.call(method, &format!("{path}{query}"), &headers, body).gist()
}

#[test]
fn of_two_faults_the_earlier_is_told() {
    for path in ["/ingest", "/ingest/batch"] {
        for (place, (first, gist)) in FAULTS.iter().enumerate() {
            assert_eq!(send(path, &[*first]), *gist, "{path}: {first:?} alone");
            for (second, _) in &FAULTS[place + 1..] {
                assert_eq!(send(path, &[*first, *second]), *gist, "{path}: {first:?} and {second:?}");
            }
        }
    }
    let all = FAULTS.map(|(fault, _)| fault);
    assert_eq!(send("/ingest", &all), "404 ERROR not_found");
    assert_eq!(send("/ingest", &[]), "200 ACCEPTED");
}
