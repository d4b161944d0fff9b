//! Bodies that take long to inflate or to parse keep no other request waiting.

use std::sync::mpsc;

use pik_http::Config;

use crate::served::{EVENT, LIMITS, Served, get};

/// A gzip member, and a zstd frame, of nothing.
const MEMBER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const FRAME: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0];

fn post(target: &str, encoding: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-encoding: {encoding}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// Members in the wrong order, which are sorted.
fn unsorted() -> String {
    let members: Vec<String> = (0..20_000).rev().map(|number| format!("\"{number:05}\":1")).collect();
    EVENT.replace(":1}", &format!(":{{{}}}}}", members.join(",")))
}

#[test]
fn health_is_told_while_large_and_compressed_bodies_wait_for_a_thread() {
    let served = Served::new(Config { metrics: true, ..Config::default() }, LIMITS);
    // It takes the one thread that there is for long work. A body that were worked on elsewhere would be answered.
    let (go_on, wait) = mpsc::channel();
    let busy = served.runtime.spawn_blocking(move || wait.recv());
    let bodies = [
        ("/ingest", "identity", unsorted().into_bytes(), 200, "event_id"),
        ("/ingest/batch", "identity", format!("[{}]", unsorted()).into_bytes(), 200, "event_id"),
        ("/ingest", "gzip", MEMBER.repeat(1_025), 400, "1,024"),
        ("/ingest/batch", "zstd", FRAME.repeat(1_025), 400, "1,024"),
        // As many as there may be. What they inflate to is no event.
        ("/ingest", "gzip", MEMBER.repeat(1_024), 400, "invalid_json"),
        ("/ingest", "zstd", FRAME.repeat(1_024), 400, "invalid_json"),
    ];
    let clients: Vec<_> = bodies
        .iter()
        .map(|(target, encoding, body, ..)| {
            let mut client = served.connect();
            client.write(post(target, encoding, body));
            client
        })
        .collect();
    // With the question for metrics itself: none of them is answered.
    served.wait_for_metric("pik_requests_in_flight 7");
    let (status, text) = served.ask(&get("/healthz"));
    assert_eq!(status, 200, "{text}");
    assert!(!busy.is_finished());
    go_on.send(()).unwrap();
    for (mut client, (target, encoding, _, status, told)) in clients.into_iter().zip(bodies) {
        let (found, text) = client.answer();
        assert_eq!(found, status, "{target} {encoding}: {text}");
        assert!(text.contains(told), "{target} {encoding}: {text}");
    }
}
