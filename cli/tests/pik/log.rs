//! Log lines: one JSON object each, with what is needed and nothing of payloads.

use pik_test_support::Signal;
use serde_json::Value;

use crate::connection::post;
use crate::events::{EXAMPLE, EXAMPLE_ID, event};
use crate::server::{Server, pik};

fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

fn events(log: &str) -> Vec<Value> {
    lines(log).into_iter().filter(|line| line["message"] == "event").collect()
}

#[test]
fn an_event_is_a_line_with_what_identifies_it() {
    let server = Server::start();
    let mut connection = server.connect();
    connection.write(post("/ingest", "application/json", "x-request-id: req-7\r\n", EXAMPLE));
    let answer = connection.read();
    assert_eq!(answer.header("x-request-id"), Some("req-7"));
    let answer = answer.json();
    let (_, log, _) = server.stop();
    let events = events(&log);
    assert_eq!(events.len(), 1, "{log}");
    let line = &events[0];
    for (field, value) in [
        ("level", "INFO"),
        ("request_id", "req-7"),
        ("event_id", EXAMPLE_ID),
        ("entity_id", "user_123"),
        ("source", "demo"),
        ("event_type", "heartbeat"),
        ("status", "ACCEPTED"),
    ] {
        assert_eq!(line[field], value, "{field}");
    }
    assert_eq!(line["ingest_lag_ms"], answer["ingest_lag_ms"]);
    assert_eq!(line["dry_run"], false);
    assert!(line["latency_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_line_has_the_client_behind_a_believed_proxy_and_its_trace() {
    let (trace, header) =
        ("4bf92f3577b34da6a3ce929d0e0e4736", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01");
    let headers = format!("x-forwarded-for: 198.51.100.1, 203.0.113.7\r\n{header}\r\n");
    for (proxies, client) in [(&[][..], "127.0.0.1"), (&["--trusted-proxy=127.0.0.0/8,10.0.0.1"][..], "203.0.113.7")] {
        let server = Server::start_with(|command| command.args(proxies));
        for (path, kind) in [("/ingest", "application/json"), ("/ingest/batch", "application/json")] {
            let mut connection = server.connect();
            let body = if path == "/ingest" { EXAMPLE.to_vec() } else { [b"[", EXAMPLE, b"]"].concat() };
            connection.write(post(path, kind, &headers, &body));
            assert_eq!(connection.read().status, 200);
        }
        let (_, log, _) = server.stop();
        let told: Vec<Value> = lines(&log).into_iter().filter(|line| line["endpoint"] != Value::Null).collect();
        assert_eq!(told.len(), 2, "{log}");
        for line in told {
            assert_eq!((&line["client"], &line["trace_id"]), (&client.into(), &trace.into()), "{log}");
        }
    }
}

#[test]
fn payloads_and_paths_into_them_are_never_logged() {
    let server = Server::start_with(|command| command.env("LOG_LEVEL", "trace"));
    let mut connection = server.connect();
    let secret = "s3cr3t-pAyl0ad";
    let good = EXAMPLE.to_vec();
    let accepted = String::from_utf8(good).unwrap().replace("\"steps\":10", &format!("\"{secret}\":\"{secret}\""));
    assert_eq!(connection.ingest(accepted.as_bytes()).json()["status"], "ACCEPTED");
    // The client is told the path to a repeated name.
    let rejected = accepted.replace("\"payload\":{", &format!("\"payload\":{{\"{secret}\":1,"));
    assert!(connection.ingest(rejected.as_bytes()).text().contains(secret));
    // As bad JSON, as an unknown member, as a path, as a parameter, as a header, in a batch.
    assert_eq!(connection.ingest(format!("{{{secret}").as_bytes()).status, 400);
    assert_eq!(connection.ingest(format!("{{\"{secret}\":1}}").as_bytes()).status, 400);
    assert_eq!(connection.get(&format!("/{secret}")).status, 404);
    connection.write(post(&format!("/ingest?dry_run={secret}"), "application/json", "", EXAMPLE));
    assert_eq!(connection.read().status, 400);
    connection.write(post(
        "/ingest/batch",
        "application/x-ndjson",
        "",
        format!("{rejected}\nnope").replace('\n', " ").as_bytes(),
    ));
    connection.read();
    let (_, log, _) = server.stop();
    assert!(events(&log).len() >= 7 && !batches(&log).is_empty(), "{log}");
    assert!(!log.contains(secret), "{log}");
}

fn batches(log: &str) -> Vec<Value> {
    lines(log).into_iter().filter(|line| line["message"] == "batch").collect()
}

#[test]
fn a_batch_is_one_line_with_a_count_by_outcome_and_code() {
    let server = Server::start();
    let mut connection = server.connect();
    let long = event(3).repeat(2);
    let batch = [event(1), event(2), event(1), b"{}".to_vec(), long, b"[]".to_vec()].join(&b'\n');
    connection.write(post("/ingest/batch", "application/x-ndjson", "x-request-id: b\r\n", &batch));
    assert_eq!(connection.read().status, 200);
    connection.write(post("/ingest/batch?dry_run=true", "application/x-ndjson", "", &event(9)));
    assert_eq!(connection.read().status, 200);
    connection.write(post("/ingest/batch", "application/json", "", b"[{},"));
    assert_eq!(connection.read().status, 400);
    let (_, log, _) = server.stop();
    assert_eq!(events(&log), Vec::<Value>::new(), "no event of a batch has a line of its own");
    let told = batches(&log);
    assert_eq!(told.len(), 3, "{log}");
    for (field, value) in [
        ("level", "INFO".into()),
        ("request_id", "b".into()),
        ("endpoint", "/ingest/batch".into()),
        ("http_status", 200.into()),
        ("accepted", 2.into()),
        ("duplicates", 1.into()),
        ("rejected", 3.into()),
        ("failed", Value::Null),
        ("codes", "invalid_json=1,missing_field=1,not_an_object=1".into()),
        ("dry_run", false.into()),
        ("status", Value::Null),
    ] {
        assert_eq!(told[0][field], value, "{field} of {}", told[0]);
    }
    assert_eq!((&told[1]["accepted"], &told[1]["dry_run"]), (&1.into(), &true.into()));
    let refused = ["status", "codes", "rejected"].map(|field| told[2][field].clone());
    assert_eq!(refused, ["REJECTED".into(), "invalid_json=1".into(), Value::Null], "it was refused as a whole");
}

#[test]
fn a_batch_that_cannot_be_stored_is_one_error_with_its_reason() {
    let server = Server::start_with(|command| command.args(["--min-free-bytes", &(1_u64 << 60).to_string()]));
    let mut connection = server.connect();
    let batch = (0..2_500).map(event).collect::<Vec<_>>().join(&b'\n');
    connection.write(post("/ingest/batch", "application/x-ndjson", "", &batch));
    assert_eq!(connection.read().status, 503);
    let told = batches(&server.stop().1);
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["level"], &told[0]["failed"]), (&"ERROR".into(), &2_500.into()));
    assert!(told[0]["reason"].as_str().is_some_and(|reason| reason.contains("bytes free")), "{}", told[0]);
}

#[test]
fn each_event_of_a_batch_is_a_line_for_who_debugs() {
    let server = Server::start_with(|command| command.env("LOG_LEVEL", "debug"));
    let mut connection = server.connect();
    let batch = [event(1), event(2), event(1), b"{}".to_vec()].join(&b'\n');
    connection.write(post("/ingest/batch", "application/x-ndjson", "x-request-id: b\r\n", &batch));
    assert_eq!(connection.read().status, 200);
    let (_, log, _) = server.stop();
    assert_eq!(batches(&log).len(), 1);
    let told: Vec<_> = events(&log).iter().map(|line| (line["index"].clone(), line["status"].clone())).collect();
    let expected = [(0, "ACCEPTED"), (1, "ACCEPTED"), (2, "DUPLICATE"), (3, "REJECTED")];
    assert_eq!(told, expected.map(|(index, status)| (index.into(), status.into())));
    assert!(events(&log)[3]["codes"].as_str().unwrap().contains("missing_field"));
}

#[test]
fn the_level_decides() {
    let log_at = |level: &str| {
        let server = Server::start_with(|command| command.env("LOG_LEVEL", level));
        let mut connection = server.connect();
        connection.ingest(EXAMPLE);
        connection.get("/healthz");
        connection.get("/nowhere");
        server.stop().1
    };
    assert_eq!(log_at("error"), "");
    let warnings = lines(&log_at("warn"));
    assert_eq!(warnings.len(), 1);
    assert_eq!((&warnings[0]["level"], &warnings[0]["codes"]), (&"WARN".into(), &"not_found".into()));
    let debug = log_at("debug");
    assert!(lines(&debug).iter().any(|line| line["endpoint"] == "/healthz"), "{debug}");
}

#[test]
fn a_log_without_a_reader_holds_up_no_events() {
    let data = tempfile::tempdir().unwrap();
    let (stderr, writer) = std::io::pipe().unwrap();
    let mut command = pik(["serve", "--listen", "127.0.0.1:0"]);
    command.arg("--data").arg(data.path()).env("LOG_LEVEL", "debug").stderr(writer);
    let server = pik_test_support::Server::start(&mut command).unwrap();
    // The command's copy of the pipe would keep it open beyond the server's end.
    drop(command);
    // A pipe holds 64 KiB, which is some 150 lines.
    let mut connection = crate::connection::Connection::open(server.address());
    let batch = (0..2_000).map(event).collect::<Vec<_>>().join(&b'\n');
    for _ in 0..15 {
        connection.write(post("/ingest/batch", "application/x-ndjson", "", &batch));
        assert_eq!(connection.read().status, 200);
    }
    let metrics = connection.get("/metrics").text();
    let dropped = metrics.lines().find_map(|line| line.strip_prefix("pik_log_lines_dropped_total ")).unwrap();
    assert!(dropped.parse::<u64>().unwrap() > 0, "30,000 lines are over what is kept: {metrics}");
    let reader = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap());
    server.signal(Signal::TERM).unwrap();
    assert!(server.end().unwrap().0.success());
    let log = reader.join().unwrap();
    assert!(lines(&log).iter().any(|line| line["lines"].as_u64() > Some(0)), "the gap is told");
}
