//! Bodies that are too large, malformed, late, or not all there.

use std::time::Duration;

use pik_http::Config;
use pik_server::Limits;

use crate::served::{EVENT, LIMITS, Served, post};

#[test]
fn a_client_that_sends_all_before_it_reads_gets_its_413() {
    let served = Served::new(Config { max_batch_bytes: 100_000, ..Config::default() }, LIMITS);
    for target in ["/ingest", "/ingest/batch"] {
        let megabytes = "x".repeat(4 << 20);
        let (status, text) = served.ask(&post(target, &megabytes));
        assert_eq!(status, 413, "{text}");
        assert!(text.contains("too_large"), "{text}");
    }
}

#[test]
fn a_refused_body_that_does_not_end_is_answered_what_it_was_refused_for() {
    let limits = Limits { body: Duration::from_millis(200), ..LIMITS };
    let served = Served::new(Config::default(), limits);
    let head = "POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let (status, text) = served.ask(&format!("{head}content-length: 9000000\r\n\r\n{{"));
    assert_eq!(status, 413, "{text}");
    // One that would have been taken is late.
    let (status, text) = served.ask(&format!("{head}content-length: 90000\r\n\r\n{{"));
    assert_eq!(status, 408, "{text}");
}

#[test]
fn a_malformed_chunk_is_the_clients_fault_and_a_missing_one_is_not() {
    let served = Served::new(Config::default(), LIMITS);
    let head = "POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let (status, text) = served.ask(&format!("{head}zz\r\n{EVENT}"));
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("invalid_json") && !text.contains("send it again"), "{text}");

    let mut client = served.connect();
    client.write(format!("{head}5\r\n{{"));
    client.close_half();
    let (status, text) = client.answer();
    assert_eq!(status, 408, "{text}");
}

#[test]
fn a_client_that_closes_its_half_gets_its_answer() {
    let served = Served::new(Config::default(), LIMITS);
    for expected in ["ACCEPTED", "DUPLICATE"] {
        let mut client = served.connect();
        client.write(post("/ingest", EVENT));
        client.close_half();
        let (status, text) = client.answer();
        assert_eq!(status, 200);
        assert!(text.contains(expected), "{text}");
        assert!(client.is_closed());
    }
}

#[test]
fn large_and_compressed_bodies_are_answered_like_small_ones() {
    let served = Served::new(Config::default(), LIMITS);
    let broken = format!("{}{}", EVENT.replace('}', ""), " ".repeat(100_000));
    let body = format!("{EVENT}{}", " ".repeat(100_000));
    let (status, text) = served.ask(&post("/ingest", &body));
    assert!(status == 200 && text.contains("ACCEPTED"), "{text}");
    let (status, text) = served.ask(&post("/ingest/batch", &format!("[{}]", vec![EVENT; 2_500].join(","))));
    assert!(status == 200 && text.contains("\"duplicate\":2500"), "{status}");
    let (status, _) = served.ask(&post("/ingest", &broken));
    assert_eq!(status, 400, "the offloaded work's refusal comes back");
}
