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
fn a_host_that_is_not_there_ends_with_a_message() {
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
    let entry = |(index, line): (usize, &str)| -> Value {
        let event = pik_core::Event::parse(line.as_bytes()).unwrap();
        match status(index) {
            "ERROR" => json!({"status": "ERROR", "errors": [{"code": "unavailable", "path": "", "message": "later"}]}),
            status => {
                let key = pik_core::RawKey::new(&event, "2026-01-02T00:00:00.000Z".parse().unwrap());
                json!({"status": status, "event_id": event.id(), "ingest_lag_ms": 0, "s3_key": key})
            }
        }
    };
    json!({"results": body.lines().enumerate().map(entry).collect::<Vec<_>>()}).to_string()
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

/// The texts of all events that a server stored.
fn stored(server: Server) -> Vec<String> {
    let (_, _, data) = server.stop();
    let mut texts: Vec<String> =
        contents(data.path()).raw.into_values().map(|raw| String::from_utf8(raw).unwrap()).collect();
    texts.sort();
    texts
}

#[test]
fn what_is_sent_is_what_check_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text = |number: u64| String::from_utf8(event(number)).unwrap();
    // An event inside of an event, on a line of its own.
    let outer = EXAMPLE_TEXT.replace("{\"steps\":10}", &format!("\n{}\n", text(7)));
    std::fs::write(path("a.ndjson"), text(1) + "\n").unwrap();
    std::fs::write(path("outer.json"), &outer).unwrap();
    std::fs::write(path("b.ndjson"), text(2) + "\n" + &text(3)).unwrap();
    std::fs::write(path("comma.ndjson"), format!("{}\n,\n{}\n", text(4), text(5))).unwrap();
    std::fs::write(path("broken.json"), "{\n \"source\": nope,\n \"payload\": {}\n}\n").unwrap();
    std::fs::write(path("array.json"), format!("[\n{},\n  {}\n]\n", text(8), text(9))).unwrap();
    let files = ["a.ndjson", "outer.json", "comma.ndjson", "broken.json", "b.ndjson", "array.json"].map(path);

    let checked = pik(["check"]).args(&files).output().unwrap();
    let problems = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(problems.lines().count(), 2, "{problems}");
    assert!(problems.contains("comma.ndjson:2: ") && problems.contains("broken.json:1: "), "{problems}");

    for batch_size in ["1", "2", "500"] {
        let server = Server::start();
        let (code, counts, told) =
            send(&server.url(), |command| command.args(&files).args(["--batch-size", batch_size]));
        assert_eq!((code, counts.as_str()), (1, "accepted 8, duplicate 0, rejected 2, failed 0\n"), "{told}");
        assert!(told.contains("rejected: 2 invalid_json\n"), "{told}");
        let mut expected: Vec<String> = [1, 2, 3, 4, 5, 8, 9].map(text).into();
        expected.push(outer.clone());
        expected.sort();
        assert_eq!(stored(server), expected);
    }
}

const EXAMPLE_TEXT: &str = match std::str::from_utf8(EXAMPLE) {
    Ok(text) => text,
    Err(_) => panic!("the example is text"),
};

#[test]
fn a_host_that_stores_nothing_is_a_failure() {
    let server = Server::start_with(|command| command.env("DRY_RUN", "true"));
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[event(1), event(2)]);
    let (code, counts, told) = send(&server.url(), |command| command.arg(&file));
    assert_eq!((code, counts.as_str()), (1, "accepted 0, duplicate 0, rejected 0, failed 2\n"));
    assert!(told.contains("DRY_RUN"), "{told}");
    // Who asks for a dry run gets one.
    let (code, counts, _) = send(&server.url(), |command| command.arg(&file).arg("--dry-run"));
    assert_eq!((code, counts.as_str()), (0, "accepted 2, duplicate 0, rejected 0, failed 0\n"));
}

#[test]
fn a_limit_of_a_proxy_rejects_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &(0..4).map(event).collect::<Vec<_>>());
    let (url, count) = host(|_, _| Some((413, "content-type: text/html\r\n", "<html>too large</html>".into())));
    let (code, counts, told) = send(&url, |command| command.arg(&file));
    assert_eq!((code, counts.as_str()), (1, "accepted 0, duplicate 0, rejected 0, failed 4\n"), "{told}");
    assert!(told.contains("proxy") && count.load(Ordering::SeqCst) == 1, "{told}");
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[event(1)]);
    let (url, count) = host(|_, _| Some((301, "location: https://elsewhere.example/\u{202e}x\r\n", String::new())));
    let (code, _, told) = send(&url, |command| command.arg(&file));
    assert_eq!((code, count.load(Ordering::SeqCst)), (1, 1));
    assert!(told.contains("redirected to https://elsewhere.example/"), "{told}");
    assert!(!told.contains('\u{202e}'), "{told:?}");
}

#[test]
fn the_longest_wait_that_can_be_asked_for_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), &[event(1)]);
    let (url, count) = host(|_, _| Some((503, "retry-after: 18446744073709551615\r\n", String::new())));
    let (code, counts, told) = send(&url, |command| command.arg(&file).arg("--retries=0"));
    assert_eq!((code, counts.as_str()), (1, "accepted 0, duplicate 0, rejected 0, failed 1\n"), "{told}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(told.contains("giving up: HTTP 503"), "{told}");
}

#[test]
fn what_is_refused_is_kept_as_it_was() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let not_text = b"{\"source\":\"\xff\"}".to_vec();
    let file =
        file(folder.path(), &[event(1), b" {\"source\": \"a\\nb\" } ".to_vec(), not_text, vec![b'x'; 2_000_000]]);
    let kept = folder.path().join("rejected.ndjson");
    let (code, counts, _) = send(&server.url(), |command| command.arg(&file).arg("--rejected-to").arg(&kept));
    assert_eq!((code, counts.as_str()), (1, "accepted 1, duplicate 0, rejected 3, failed 0\n"));
    let text = std::fs::read_to_string(&kept).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!((&lines[0]["file"], &lines[0]["line"]), (&file.as_str().into(), &2.into()));
    assert_eq!(lines[0]["raw"], " {\"source\": \"a\\nb\" } ");
    assert_eq!(lines[0]["errors"][0]["code"], "forbidden_character");
    assert_eq!(lines[1]["raw_hex"], "7b22736f75726365223a22ff227d");
    assert_eq!((lines[2].get("raw"), &lines[2]["errors"][0]["code"]), (None, &"too_large".into()));
    // What is there stays.
    let (_, _, _) = send(&server.url(), |command| command.arg(&file).arg("--rejected-to").arg(&kept));
    assert_eq!(std::fs::read_to_string(&kept).unwrap().lines().count(), 6);
}
