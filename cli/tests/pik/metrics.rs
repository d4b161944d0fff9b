//! What Prometheus reads.

use crate::connection::{Connection, post};
use crate::events::{EXAMPLE, event};
use crate::exposition;
use crate::server::{Server, pik};

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

#[test]
fn keep_the_rules_of_the_text_format() {
    let server = Server::start();
    let mut connection = server.connect();
    connection.ingest(EXAMPLE);
    connection.ingest(b"{}");
    connection.get("/nowhere");
    let text = connection.get("/metrics").text();
    let families = exposition::families(&text);
    for (name, kind) in [
        ("pik_events_total", "counter"),
        ("pik_sqlite_database_bytes", "gauge"),
        ("pik_sqlite_queue_wait_seconds", "histogram"),
        ("process_cpu_seconds_total", "counter"),
        ("process_start_time_seconds", "gauge"),
    ] {
        assert_eq!(families.get(name).map(|family| family.kind.as_str()), Some(kind), "{name}");
    }
}

#[test]
fn tell_how_store_and_process_are() {
    let server = Server::start_with(|command| command.args(["--min-free-bytes", "12345"]));
    let mut connection = server.connect();
    for number in 0..3 {
        connection.ingest(&event(number));
    }
    let batch = (0..2_500).map(event).collect::<Vec<_>>().join(&b'\n');
    connection.write(post("/ingest/batch", "application/x-ndjson", "", &batch));
    assert_eq!(connection.read().status, 200);
    let text = connection.get("/metrics").text();
    let told = |series: &str| value(&text, series);
    for (series, least, most) in [
        ("pik_sqlite_ready", 1.0, 1.0),
        ("pik_sqlite_disk_min_free_bytes", 12_345.0, 12_345.0),
        ("pik_sqlite_disk_free_bytes", 12_345.0, f64::MAX),
        // The batch alone has more bytes than that, and all of it is in the log.
        ("pik_sqlite_wal_bytes", 500_000.0, f64::MAX),
        ("pik_sqlite_checkpoint_lag_bytes", 500_000.0, f64::MAX),
        ("pik_sqlite_database_bytes", 4_096.0, f64::MAX),
        ("pik_sqlite_queue_events", 0.0, 0.0),
        ("pik_sqlite_queue_bytes", 0.0, 0.0),
        ("pik_sqlite_queue_max_events", 16_384.0, 16_384.0),
        ("pik_sqlite_queue_max_bytes", 16_777_216.0, 16_777_216.0),
        ("pik_sqlite_questions_waiting", 0.0, 0.0),
        // Each request waited for its answer, so each was a group of its own.
        ("pik_sqlite_queue_wait_seconds_count", 4.0, 4.0),
        ("pik_sqlite_commit_duration_seconds_count", 4.0, f64::MAX),
        ("pik_sqlite_sync_duration_seconds_count", 4.0, f64::MAX),
        ("pik_sqlite_commit_failures_total", 0.0, 0.0),
        ("pik_sqlite_index_memory_keys", 2_500.0, 25_000.0),
        ("pik_body_in_flight_bytes", 0.0, 0.0),
        ("pik_body_in_flight_max_bytes", 1.0, f64::MAX),
        ("process_open_fds", 5.0, 1_000.0),
        ("process_max_fds", 64.0, f64::INFINITY),
        ("process_resident_memory_bytes", 1_000_000.0, 1e10),
        ("process_threads", 4.0, 1_000.0),
        ("process_cpu_seconds_total", 0.0, 1_000.0),
        ("process_start_time_seconds", 1e9, 1e11),
    ] {
        assert!((least..=most).contains(&told(series)), "{series} is {}", told(series));
    }
    assert!(told("pik_sqlite_commit_duration_seconds_sum") >= told("pik_sqlite_sync_duration_seconds_sum"));
}

#[test]
fn tell_of_a_store_that_takes_nothing() {
    let server = Server::start_with(|command| command.args(["--min-free-bytes", &(1_u64 << 60).to_string()]));
    let mut connection = server.connect();
    assert_eq!(connection.ingest(EXAMPLE).status, 503);
    let text = connection.get("/metrics").text();
    assert!(value(&text, "pik_sqlite_ready").abs() < 0.1);
    assert!(value(&text, "pik_sqlite_commit_failures_total") > 0.0);
}

#[test]
fn have_every_name_that_alerts_and_dashboard_ask_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let made = pik(["token", "new", "all", "--scope", "ingest,metrics", "--tokens-file"]).arg(&file).output().unwrap();
    let token = format!("authorization: Bearer {}\r\n", String::from_utf8(made.stdout).unwrap().trim_end());
    let server = Server::start_with(|command| command.env("PIK_TOKENS_FILE", &file));
    let mut connection = server.connect();
    // Families with labels are told from their first label on.
    connection.write(post("/ingest", "application/json", &token, b"{}"));
    assert_eq!(connection.read().status, 400);
    connection.write(format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\n{token}\r\n"));
    let text = connection.read().text();
    let known = exposition::families(&text);
    for file in ["alerts.yml", "alerts.test.yml", "grafana-dashboard.json"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
        let asked = std::fs::read_to_string(path).expect(file);
        let words = asked.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let names: std::collections::BTreeSet<&str> =
            words.filter(|word| ["pik_", "process_"].iter().any(|start| word.starts_with(start))).collect();
        assert!(names.len() >= 5, "{file} asks for {names:?}");
        for name in names {
            let family = ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
            let is_part = family.and_then(|family| known.get(family)).is_some_and(|family| family.kind == "histogram");
            assert!(is_part || known.contains_key(name), "{file} asks for {name}, which the server does not have");
        }
    }
}
