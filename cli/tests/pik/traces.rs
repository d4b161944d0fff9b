//! Spans, as a collector gets them.

use std::fs;

use pik_test_support::{PATIENCE, Signal, wait_until};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};

use crate::collector::{Collector, Manner};
use crate::connection::{Connection, Response, post};
use crate::events::{EXAMPLE, EXAMPLE_ID, event};
use crate::server::Server;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa01a902b7";
const SAMPLED: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-01\r\n";
const UNSAMPLED: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-00\r\n";

/// A server that sends its spans at once.
fn start(collector: &Collector, settings: &[(&str, &str)]) -> Server {
    Server::start_with(|command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()).env("OTEL_BSP_SCHEDULE_DELAY", "20");
        command.envs(settings.iter().copied())
    })
}

fn send(connection: &mut Connection, path: &str, headers: &str, body: &[u8]) -> Response {
    connection.write(post(path, "application/json", headers, body));
    connection.read()
}

/// The value of a metric; 0 for one that is not told.
fn metric(server: &Server, series: &str) -> u64 {
    let text = server.connect().get("/metrics").text();
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')).map_or(0, |value| value.parse().unwrap())
}

fn lines(log: &str, message: &str) -> Vec<Value> {
    let all = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| line["message"].as_str().is_some_and(|told| told.starts_with(message))).collect()
}

#[test]
fn a_request_is_a_span_of_its_senders_trace() {
    let collector = Collector::start(Manner::Takes);
    let server = start(
        &collector,
        &[
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20c0llector"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=other"),
            ("OTEL_SERVICE_NAME", "events"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", ""),
        ],
    );
    let headers = format!("{SAMPLED}x-request-id: req-7\r\nuser-agent: shop/2 ({})\r\n", "é".repeat(300));
    assert_eq!(send(&mut server.connect(), "/ingest", &headers, EXAMPLE).status, 200);
    let span = collector.wait_for(1).remove(0);
    assert_eq!((&*span.name, span.kind, span.is_error), ("POST /ingest", 2, false), "a server's span");
    assert_eq!((&*span.trace, &*span.parent), (TRACE, PARENT));
    assert!(span.id.len() == 16 && span.id != PARENT, "{}", span.id);
    assert!((1_000..60_000_000_000).contains(&span.nanoseconds), "{}", span.nanoseconds);
    let user_agent = span.attributes["user_agent.original"].as_str().unwrap();
    assert!(user_agent.starts_with("shop/2 (") && (250..=256).contains(&user_agent.len()), "{user_agent}");
    for (key, value) in [
        ("http.request.method", json!("POST")),
        ("http.route", json!("/ingest")),
        ("http.response.status_code", json!(200)),
        ("client.address", json!("127.0.0.1")),
        ("pik.request_id", json!("req-7")),
        ("pik.dry_run", json!(false)),
        ("pik.events.accepted", json!(1)),
        ("pik.event_id", json!(EXAMPLE_ID)),
    ] {
        assert_eq!(span.attributes.get(key), Some(&value), "{key}");
    }
    assert_eq!(span.attributes.len(), 9, "{:?}", span.attributes);
    for (key, value) in
        [("service.name", "events"), ("deployment.environment.name", "test"), ("telemetry.sdk.language", "rust")]
    {
        assert_eq!(span.resource.get(key), Some(&value.into()), "{key}");
    }
    assert_eq!(span.resource["service.version"], env!("CARGO_PKG_VERSION"));
    let head = &collector.heard()[0].head;
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    for header in ["content-type: application/x-protobuf\r\n", "authorization: bearer c0llector\r\n"] {
        assert!(head.contains(header), "{head}");
    }
    let (status, log, _) = server.stop();
    assert!(status.success());
    assert_eq!(lines(&log, "event")[0]["trace_id"], TRACE);
}

#[test]
fn a_batch_has_counts_and_a_failure_its_code() {
    let collector = Collector::start(Manner::Takes);
    let server = start(&collector, &[]);
    let mut connection = server.connect();
    let batch =
        [b"[".to_vec(), [event(1), event(2), event(1), b"{}".to_vec(), b"7".to_vec()].join(&b','), b"]".to_vec()];
    assert_eq!(send(&mut connection, "/ingest/batch", SAMPLED, &batch.concat()).status, 200);
    assert_eq!(send(&mut connection, "/ingest/batch?dry_run=true", SAMPLED, b"[{},").status, 400);
    assert_eq!(send(&mut connection, "/nowhere", SAMPLED, b"").status, 404);
    connection.write(format!("BREW /ingest HTTP/1.1\r\nhost: localhost\r\n{SAMPLED}\r\n"));
    assert_eq!(connection.read().status, 405);
    let spans = collector.wait_for(4);
    let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["POST /ingest/batch", "POST /ingest/batch", "POST", "HTTP /ingest"]);
    let of = |span: usize, key: &str| spans[span].attributes.get(key).cloned().unwrap_or_default();
    for (key, value) in [
        ("pik.events.accepted", json!(2)),
        ("pik.events.duplicate", json!(1)),
        ("pik.events.rejected", json!(2)),
        ("pik.events.failed", Value::Null),
        ("pik.event_id", Value::Null),
        ("pik.codes", json!(["missing_field", "not_an_object"])),
    ] {
        assert_eq!(of(0, key), value, "{key}");
    }
    assert_eq!(of(1, "pik.codes"), json!(["invalid_json"]));
    assert_eq!((of(1, "pik.dry_run"), of(1, "pik.events.rejected")), (json!(true), Value::Null));
    assert_eq!((of(2, "http.route"), of(2, "http.response.status_code")), (Value::Null, json!(404)));
    assert_eq!(of(3, "http.request.method"), "_OTHER");
    assert!(spans.iter().all(|span| !span.is_error && !span.attributes.contains_key("error.type")));
    drop(server.stop());

    let full = Server::start_with(|command| {
        command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector.url() + "/of/my/own");
        command.args(["--min-free-bytes", &(1_u64 << 60).to_string()])
    });
    assert_eq!(send(&mut full.connect(), "/ingest", SAMPLED, EXAMPLE).status, 503);
    drop(full.stop());
    let span = collector.wait_for(5).remove(4);
    assert!(span.is_error, "{span:?}");
    assert_eq!(
        (&span.attributes["error.type"], &span.attributes["pik.events.failed"]),
        (&json!("unavailable"), &json!(1))
    );
    assert_eq!(span.resource["service.name"], "pik");
    assert!(collector.heard().last().unwrap().head.starts_with("post /of/my/own "), "a whole URL is taken as it is");
}

#[test]
fn the_sampler_decides_what_is_kept() {
    for (settings, kept) in [
        (&[][..], [false, true, true]),
        (&[("OTEL_TRACES_SAMPLER", "always_on")], [true, true, true]),
        (&[("OTEL_TRACES_SAMPLER", "always_off")], [false, false, false]),
        (&[("OTEL_TRACES_SAMPLER", "parentbased_always_off")], [false, true, false]),
        (&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")], [false, false, false]),
        (
            &[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "1.0")],
            [false, true, true],
        ),
        (&[("OTEL_SDK_DISABLED", "true")], [false, false, false]),
    ] {
        let collector = Collector::start(Manner::Takes);
        let server = start(&collector, settings);
        for (request, headers) in ["a", "b", "c"].into_iter().zip([UNSAMPLED, SAMPLED, ""]) {
            let headers = format!("{headers}x-request-id: {request}\r\n");
            assert_eq!(send(&mut server.connect(), "/ingest", &headers, EXAMPLE).status, 200);
        }
        let (_, log, _) = server.stop();
        let mut spans = collector.spans();
        spans.sort_by_key(|span| span.attributes["pik.request_id"].to_string());
        let found: Vec<&Value> = spans.iter().map(|span| &span.attributes["pik.request_id"]).collect();
        let expected: Vec<&str> =
            ["a", "b", "c"].into_iter().zip(kept).filter_map(|(request, is_kept)| is_kept.then_some(request)).collect();
        assert_eq!(found, expected, "{settings:?}");
        // What has no parent begins a trace, which is in its log line.
        let logged = &lines(&log, "event")[2]["trace_id"];
        let begun = spans.iter().find(|span| span.attributes["pik.request_id"] == "c").map(|span| {
            assert!(span.parent.is_empty() && span.trace != TRACE, "{span:?}");
            span.trace.clone()
        });
        assert_eq!(logged, &json!(begun), "{settings:?}: {log}");
    }
}

#[test]
fn probes_are_spans_of_those_who_ask_for_one() {
    let collector = Collector::start(Manner::Takes);
    let server = start(&collector, &[]);
    let mut connection = server.connect();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(connection.get(path).status, 200);
    }
    connection.write(format!("GET /readyz HTTP/1.1\r\nhost: localhost\r\n{SAMPLED}\r\n"));
    assert_eq!(connection.read().status, 200);
    assert_eq!(connection.get("/events/nothing").status, 400);
    drop(server.stop());
    let names: Vec<String> = collector.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["GET /readyz", "GET /events/{event_id}"]);
}

#[test]
fn a_hostile_traceparent_is_as_good_as_none() {
    let collector = Collector::start(Manner::Takes);
    let server = start(&collector, &[]);
    let zeros = "0".repeat(32);
    let hostile = [
        String::new(),
        "-".repeat(55),
        "0".repeat(8_000),
        "é".repeat(40),
        "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa01a902b7-01".to_owned(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa01a902b7-0é".to_owned(),
        format!("00-{zeros}-00f067aa01a902b7-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("00-{TRACE}-{PARENT}-01\r\ntraceparent: 00-{TRACE}-{PARENT}-01"),
    ];
    let mut connection = server.connect();
    for value in &hostile {
        assert_eq!(
            send(&mut connection, "/ingest", &format!("traceparent: {value}\r\n"), EXAMPLE).status,
            200,
            "{value}"
        );
    }
    let spans = collector.wait_for(hostile.len());
    let mut traces: Vec<&str> = spans.iter().map(|span| &*span.trace).collect();
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), hostile.len(), "each begins a trace of its own");
    assert!(spans.iter().all(|span| span.parent.is_empty() && span.trace != TRACE));
    drop(server.stop());
}

#[test]
fn a_span_has_nothing_that_a_log_line_may_not_have() {
    let collector = Collector::start(Manner::Takes);
    let server = start(&collector, &[("PIK_TOKENS", "t0ken-of-mine")]);
    let mut connection = server.connect();
    let secret = "s3cr3t-pAyl0ad";
    let headers = "authorization: Bearer t0ken-of-mine\r\n";
    let body = String::from_utf8(EXAMPLE.to_vec()).unwrap().replace("\"steps\":10", &format!("\"{secret}\":1"));
    let twice = body.replace("\"payload\":{", &format!("\"payload\":{{\"{secret}\":1,"));
    for (path, body, status) in [
        ("/ingest", &*body, 200),
        ("/ingest", &*twice, 400),
        ("/ingest?dry_run=s3cr3t-pAyl0ad", &*body, 400),
        ("/s3cr3t-pAyl0ad", &*body, 404),
        ("/events/s3cr3t-pAyl0ad", &*body, 405),
    ] {
        assert_eq!(send(&mut connection, path, headers, body.as_bytes()).status, status, "{path}");
    }
    collector.wait_for(5);
    for heard in collector.heard() {
        let text = String::from_utf8_lossy(&heard.body).into_owned();
        assert!(!text.contains(secret) && !text.contains("t0ken") && !text.contains("user_123"), "{text}");
    }
    drop(server.stop());
}

#[test]
fn a_collector_that_hangs_keeps_nobody_waiting() {
    const REQUESTS: u64 = 300;
    let collector = Collector::start(Manner::Hangs);
    // Longer than a test waits for anything.
    let settings = [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "20"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
    ];
    let mut server = start(&collector, &settings);
    let mut connection = server.connect();
    for number in 0..REQUESTS {
        assert_eq!(connection.ingest(&event(number)).status, 200);
    }
    // All but 20 that wait and up to ten that are under way.
    let dropped = metric(&server, "pik_spans_dropped_total{reason=\"queue_full\"}");
    assert!((REQUESTS - 30..REQUESTS - 20).contains(&dropped), "{dropped}");
    assert_eq!(metric(&server, "pik_spans_exported_total"), 0);
    server.signal(Signal::USR2);
    server.wait_for_the_next();
    assert_eq!(server.connect().ingest(&event(0)).json()["status"], "DUPLICATE");
    let (status, log, _) = server.stop();
    assert!(status.success());
    assert_eq!(lines(&log, "the collector did not take").len(), 2, "{log}");
}

#[test]
fn what_a_collector_does_not_take_is_counted_and_told_once() {
    let collector = Collector::start(Manner::Refuses);
    let server = start(&collector, &[]);
    let failed = "pik_spans_dropped_total{reason=\"export_failed\"}";
    for number in 0..3 {
        assert_eq!(server.connect().ingest(&event(number)).status, 200);
        let is_counted = || Ok(metric(&server, failed) == number + 1);
        wait_until("the span is not counted", PATIENCE, is_counted).unwrap();
    }
    collector.becomes(Manner::Takes);
    server.connect().ingest(&event(3));
    collector.wait_for(1);
    let is_counted = || Ok(metric(&server, "pik_spans_exported_total") == 1);
    wait_until("the span is not counted", PATIENCE, is_counted).unwrap();
    let (_, log, _) = server.stop();
    let told = lines(&log, "spans are not exported");
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0]["reason"].as_str().is_some_and(|reason| reason.contains("400")), "{log}");
    assert_eq!(lines(&log, "spans are exported again").len(), 1, "{log}");
}

#[test]
fn a_collector_that_is_not_there_keeps_nobody_waiting() {
    let [port] = pik_test_support::free_ports().unwrap();
    let server = Server::start_with(|command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{port}"));
        command.env("OTEL_BSP_SCHEDULE_DELAY", "20").env("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
    });
    assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
    let is_counted = || Ok(metric(&server, "pik_spans_dropped_total{reason=\"export_failed\"}") == 1);
    wait_until("the span is not counted", PATIENCE, is_counted).unwrap();
    let (status, log, _) = server.stop();
    assert!(status.success());
    let told = lines(&log, "spans are not exported");
    assert!(told[0]["reason"].as_str().is_some_and(|reason| reason.contains("refused")), "{log}");
}

#[test]
fn a_collector_may_have_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&key, signing_key.serialize_pem()).unwrap();
    fs::write(&certificate, cert.pem()).unwrap();
    // Any server with TLS will do: this one answers that it has no such path.
    let other = Server::start_with(|command| {
        command.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key).env("LOG_LEVEL", "warn")
    });
    let url = format!("https://localhost:{}", other.address.port());
    for (trusted, reason) in [(true, "404"), (false, "certificate")] {
        let server = Server::start_with(|command| {
            if trusted {
                command.env("SSL_CERT_FILE", &certificate);
            }
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url).env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
            command.env("OTEL_BSP_SCHEDULE_DELAY", "20").env("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
        });
        assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
        let is_counted = || Ok(metric(&server, "pik_spans_dropped_total{reason=\"export_failed\"}") == 1);
        wait_until("the span is not counted", PATIENCE, is_counted).unwrap();
        let (_, log, _) = server.stop();
        let told = lines(&log, "spans are not exported");
        assert!(told[0]["reason"].as_str().is_some_and(|told| told.contains(reason)), "{log}");
    }
}

#[test]
fn bodies_may_be_compressed() {
    let collector = Collector::start(Manner::Takes);
    let server = start(&collector, &[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
    drop(server.stop());
    let heard = collector.heard().remove(0);
    assert!(heard.head.contains("content-encoding: gzip\r\n"), "{}", heard.head);
    assert!(heard.body.starts_with(&[0x1f, 0x8b]));
}

#[test]
fn what_cannot_be_sent_is_told_and_events_are_taken() {
    let collector = Collector::start(Manner::Takes);
    for (setting, told) in [
        (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "port 4318"),
        (("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"), "write one such as http://"),
        (("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1"), "invalid"),
        (("OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"), "neither gzip nor none"),
        (("OTEL_TRACES_SAMPLER", "xray"), "parentbased_always_on"),
    ] {
        let server = start(&collector, &[setting]);
        assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
        let (status, log, _) = server.stop();
        assert!(status.success());
        let lines = lines(&log, "traces are not sent");
        assert_eq!(lines.len(), 1, "{setting:?}: {log}");
        assert!(lines[0]["reason"].as_str().is_some_and(|reason| reason.contains(told)), "{log}");
    }
    assert_eq!(collector.heard().len(), 0);
}
