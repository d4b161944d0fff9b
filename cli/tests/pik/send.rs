//! `pik send` to a real server, and to ones that behave badly.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::connection::Connection;
use crate::events::{EXAMPLE, EXAMPLE_ID, event};
use crate::server::{Server, pik};
use crate::store::contents;

fn file(folder: &Path, lines: &[Vec<u8>]) -> String {
    let path = folder.join("events.ndjson");
    std::fs::write(&path, lines.join(&b'\n')).unwrap();
    path.display().to_string()
}

/// Exit code, counts, problems.
fn send(url: &str, adjust: impl FnOnce(&mut Command) -> &mut Command) -> (i32, String, String) {
    let output = adjust(&mut pik(["send", "--url", url])).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn sends_all_and_again_as_duplicates() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let events: Vec<_> = (0..2_345).map(event).collect();
    let file = file(folder.path(), &events);
    let (code, counts, problems) = send(&server.url(), |command| command.arg(&file).args(["--batch-size=100"]));
    assert_eq!((code, counts.as_str()), (0, "accepted 2345, duplicate 0, rejected 0, failed 0\n"), "{problems}");
    let (code, counts, _) = send(&server.url(), |command| command.arg(&file).args(["--concurrency=1"]));
    assert_eq!((code, counts.as_str()), (0, "accepted 0, duplicate 2345, rejected 0, failed 0\n"));
    let (_, _, data) = server.stop();
    let contents = contents(data.path());
    for event in &events {
        let id = *pik_core::Event::parse(event).unwrap().id();
        assert_eq!(contents.raw.get(&id), Some(event));
    }
}

#[test]
fn lists_what_is_rejected_with_its_line() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let long = [b"{\"source\":\"".to_vec(), vec![b'x'; 2_000_000], b"\"}".to_vec()].concat();
    let file = file(folder.path(), &[event(1), b"nope".to_vec(), Vec::new(), b"{}".to_vec(), event(2), long]);
    let (code, counts, problems) = send(&server.url(), |command| command.arg(&file));
    assert_eq!((code, counts.as_str()), (1, "accepted 2, duplicate 0, rejected 3, failed 0\n"));
    for expected in [":2: invalid_json: ", ":4: missing_field at /source: ", ":6: too_large: "] {
        assert!(problems.contains(&format!("{file}{expected}")), "{expected}: {problems}");
    }
}

#[test]
fn an_event_over_several_lines_is_stored_as_it_came() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[EXAMPLE.to_vec()]);
    let (code, counts, _) = send(&server.url(), |command| command.arg(&file));
    assert_eq!((code, counts.as_str()), (0, "accepted 1, duplicate 0, rejected 0, failed 0\n"));
    let (_, _, data) = server.stop();
    assert_eq!(contents(data.path()).raw[&EXAMPLE_ID.parse().unwrap()], EXAMPLE);
}

#[test]
fn a_dry_run_writes_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[event(1), event(2)]);
    let (code, counts, _) = send(&server.url(), |command| command.arg(&file).arg("--dry-run"));
    assert_eq!((code, counts.as_str()), (0, "accepted 2, duplicate 0, rejected 0, failed 0\n"));
    let (_, _, data) = server.stop();
    assert_eq!(contents(data.path()).records.len(), 0);
}

#[test]
fn a_refused_token_is_not_tried_again() {
    let server = Server::start_with(|command| command.env("PIK_TOKENS", "right"));
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[event(1)]);
    let (code, counts, problems) = send(&server.url(), |command| command.arg(&file).env("PIK_TOKEN", "wrong"));
    assert_eq!((code, counts.as_str()), (1, "accepted 0, duplicate 0, rejected 0, failed 1\n"));
    assert!(problems.contains("unauthorized") && !problems.contains("wrong"), "{problems}");
    let metrics = {
        let mut connection = Connection::open(server.address);
        connection.write("GET /metrics HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer right\r\n\r\n");
        connection.read().text()
    };
    assert!(metrics.contains("pik_http_requests_total{endpoint=\"/ingest/batch\",status=\"401\"} 1\n"), "{metrics}");
    let (code, _, _) = send(&server.url(), |command| command.arg(&file).env("PIK_TOKEN", "right"));
    assert_eq!(code, 0);
}

#[test]
fn a_host_that_takes_small_batches_gets_them() {
    let server = Server::start_with(|command| command.args(["--max-batch-bytes=4000", "--max-batch-events=20"]));
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &(0..500).map(event).collect::<Vec<_>>());
    let (code, counts, problems) = send(&server.url(), |command| command.arg(&file));
    assert_eq!((code, counts.as_str()), (0, "accepted 500, duplicate 0, rejected 0, failed 0\n"), "{problems}");
}

#[test]
fn nobody_there_ends_with_a_word() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &(0..50).map(event).collect::<Vec<_>>());
    let (code, counts, problems) =
        send(&format!("http://{free}"), |command| command.arg(&file).args(["--retries=2", "--batch-size=10"]));
    assert_eq!(code, 1);
    assert!(counts.starts_with("accepted 0, duplicate 0, rejected 0, failed "), "{counts}");
    assert!(problems.contains("giving up") && problems.contains("run the same command again"), "{problems}");
    for url in ["events.example", "ftp://events.example", "http://"] {
        let (code, _, problems) = send(url, |command| command.arg(&file));
        assert_eq!(code, 1);
        assert!(problems.contains("URL"), "{url}: {problems}");
    }
}

/// A host that answers the n-th request by `answer`: status, extra header lines, body. No answer closes the connection.
fn host(
    answer: impl Fn(usize, &str) -> Option<(u16, &'static str, String)> + Send + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = Vec::new();
            let body = loop {
                let mut piece = [0; 65_536];
                let read = stream.read(&mut piece).unwrap();
                text.extend_from_slice(&piece[..read]);
                let whole = String::from_utf8_lossy(&text).into_owned();
                let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                if body.len() == length.parse::<usize>().unwrap() {
                    break body.to_owned();
                }
            };
            let Some((status, headers, answer)) = answer(counter.fetch_add(1, Ordering::SeqCst), &body) else {
                continue;
            };
            let length = answer.len();
            let response = format!(
                "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{answer}"
            );
            stream.write_all(response.as_bytes()).unwrap();
        }
    });
    (url, count)
}

fn results(body: &str, status: impl Fn(usize) -> &'static str) -> String {
    let entry = |index: usize| -> Value {
        match status(index) {
            "ERROR" => json!({"status": "ERROR", "errors": [{"code": "unavailable", "path": "", "message": "later"}]}),
            status => json!({"status": status}),
        }
    };
    let count = body.lines().count();
    json!({"results": (0..count).map(entry).collect::<Vec<_>>()}).to_string()
}

#[test]
fn tries_again_what_may_pass() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &(0..3).map(event).collect::<Vec<_>>());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    let (url, count) = host(move |number, body| {
        seen.lock().unwrap().push(body.to_owned());
        match number {
            0 => None,
            1 => Some((429, "retry-after: 1\r\n", String::new())),
            2 => Some((502, "", "<html>".into())),
            3 => Some((503, "", results(body, |index| if index == 1 { "ERROR" } else { "ACCEPTED" }))),
            _ => Some((200, "", results(body, |_| "DUPLICATE"))),
        }
    });
    let start = std::time::Instant::now();
    let (code, counts, problems) = send(&url, |command| command.arg(&file));
    assert_eq!((code, counts.as_str()), (0, "accepted 2, duplicate 1, rejected 0, failed 0\n"), "{problems}");
    assert_eq!(count.load(Ordering::SeqCst), 5);
    assert!(start.elapsed().as_millis() >= 1_000, "Retry-After is honoured");
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies[3].lines().count(), 3, "all, as nothing was known of any");
    assert_eq!(bodies[4].as_bytes(), [event(1), b"\n".to_vec()].concat(), "the failed one alone");
}

#[test]
fn an_event_that_keeps_failing_is_counted_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &(0..4).map(event).collect::<Vec<_>>());
    let bad = String::from_utf8(event(1)).unwrap();
    let (url, count) = host(move |_, body| {
        let line = |index: usize| body.lines().nth(index).unwrap() == bad;
        Some((503, "", results(body, |index| if line(index) { "ERROR" } else { "ACCEPTED" })))
    });
    let (code, counts, problems) =
        send(&url, |command| command.arg(&file).args(["--batch-size=2", "--retries=2", "--concurrency=1"]));
    assert_eq!((code, counts.as_str()), (1, "accepted 3, duplicate 0, rejected 0, failed 1\n"), "{problems}");
    assert!(problems.contains(":2: failed: unavailable: later"), "{problems}");
    assert_eq!(count.load(Ordering::SeqCst), 4, "twice more for one event, once for the second batch");
}

#[test]
fn an_answer_that_makes_no_sense_is_not_taken_for_success() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &(0..3).map(event).collect::<Vec<_>>());
    for answer in [r#"{"results":[]}"#, "{}", "<html>OK</html>", r#"{"results":[{"status":"OK"}]}"#] {
        let (url, _) = host(move |_, _| Some((200, "", answer.to_owned())));
        let (code, counts, problems) = send(&url, |command| command.arg(&file));
        assert_eq!(
            (code, counts.as_str()),
            (1, "accepted 0, duplicate 0, rejected 0, failed 3\n"),
            "{answer}: {problems}"
        );
    }
}
