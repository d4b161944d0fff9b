//! What Prometheus reads.

use crate::connection::{Connection, post};
use crate::events::{EXAMPLE, event};
use crate::server::Server;

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
}

#[test]
fn counts_events_by_outcome_and_lags_of_both_signs() {
    let server = Server::start();
    let mut connection = server.connect();
    connection.ingest(EXAMPLE);
    connection.ingest(EXAMPLE);
    connection.ingest(b"{}");
    let future = String::from_utf8(EXAMPLE.to_vec()).unwrap().replace("2025-12-28", "2999-12-28");
    connection.ingest(future.as_bytes());
    connection.write(post("/ingest?dry_run=true", "application/json", "", &event(1)));
    connection.read();
    let response = connection.get("/metrics");
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4"));
    let text = response.text();
    for (series, expected) in [
        ("pik_events_total{dry_run=\"false\",status=\"ACCEPTED\"}", 2.0),
        ("pik_events_total{dry_run=\"false\",status=\"DUPLICATE\"}", 1.0),
        ("pik_events_total{dry_run=\"false\",status=\"REJECTED\"}", 1.0),
        ("pik_events_total{dry_run=\"true\",status=\"ACCEPTED\"}", 1.0),
        ("pik_refusals_total{code=\"missing_field\"}", 1.0),
        ("pik_ingest_requests_total", 5.0),
        ("pik_http_requests_total{endpoint=\"/ingest\",status=\"200\"}", 4.0),
        ("pik_http_requests_total{endpoint=\"/ingest\",status=\"400\"}", 1.0),
        ("pik_ingest_lag_seconds_count", 3.0),
        ("pik_ingest_lag_seconds_bucket{le=\"-86400\"}", 1.0),
        ("pik_ingest_lag_seconds_bucket{le=\"0\"}", 1.0),
        ("pik_request_duration_seconds_count{endpoint=\"/ingest\"}", 5.0),
        ("pik_connections", 1.0),
        ("pik_log_lines_dropped_total", 0.0),
    ] {
        assert!((value(&text, series) - expected).abs() < 0.1, "{series}: {text}");
    }
    assert!(!text.contains("user_123") && !text.contains("heartbeat"), "no label is a client's: {text}");
}

#[test]
fn ask_for_a_token_where_events_do() {
    let server = Server::start_with(|command| command.env("PIK_TOKENS", "one,two"));
    let mut connection = server.connect();
    let response = connection.get("/metrics");
    assert_eq!((response.status, response.code().as_str()), (401, "unauthorized"));
    connection.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer two\r\n\r\n");
    assert_eq!(connection.read().status, 200);
}

#[test]
fn may_have_an_address_of_their_own() {
    let server =
        Server::start_with(|command| command.env("PIK_TOKENS", "one").args(["--metrics-listen", "127.0.0.1:0"]));
    let mut events = server.connect();
    assert_eq!(events.get("/metrics").status, 404);
    let mut metrics = Connection::open(server.metrics.unwrap());
    let response = metrics.get("/metrics");
    assert_eq!(response.status, 200);
    assert!(response.text().contains("pik_build_info"));
    for path in ["/healthz", "/openapi.json", "/"] {
        assert_eq!(metrics.get(path).code(), "not_found");
    }
    metrics.write(post("/ingest", "application/json", "authorization: Bearer one\r\n", EXAMPLE));
    assert_eq!(metrics.read().code(), "not_found", "events are not taken here");
}

#[test]
fn tokens_let_in() {
    let server = Server::start_with(|command| command.env("PIK_TOKENS", "one,two"));
    let mut connection = server.connect();
    for (header, status) in [
        ("", 401),
        ("authorization: Bearer three\r\n", 401),
        ("authorization: Bearer on\r\n", 401),
        ("authorization: Basic one\r\n", 401),
        ("authorization: Bearer one\r\n", 200),
        ("authorization: bearer two\r\n", 200),
    ] {
        connection.write(post("/ingest", "application/json", header, EXAMPLE));
        let response = connection.read();
        assert_eq!(response.status, status, "{header}");
        assert_eq!(response.header("www-authenticate").is_some(), status == 401);
    }
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(connection.get(path).status, 200, "{path} is open to all");
    }
}
