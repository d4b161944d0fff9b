//! What is not HTTP is answered in the API's shape.

use pik_http::Config;

use crate::served::{EVENT, LIMITS, Served, post};

#[test]
fn hypers_refusals_have_our_words_and_headers() {
    let served = Served::new(Config::default(), LIMITS);
    let long = "x".repeat(300_000);
    let many = (0..150).map(|number| format!("x-{number}: 1\r\n")).collect::<String>();
    for (request, status) in [
        ("GET\r\n\r\n".to_owned(), 400),
        ("\x16\x03\x01\x02\x00\x01\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/1.1\r\nhost localhost\r\n\r\n".to_owned(), 400),
        ("POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1, 2\r\n\r\n".to_owned(), 400),
        // hyper takes it for a head that is too long.
        (format!("POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", u64::MAX), 431),
        (format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\ncookie: {long}\r\n\r\n"), 431),
        (format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), 431),
    ] {
        let (found, text) = served.ask(&request);
        assert_eq!(found, status, "{text}");
        assert!(!request.contains("content-length") || text.contains("Content-Length"), "{text}");
        assert!(text.contains("\"code\":\"invalid_parameter\"") && text.contains("x-request-id: "), "{text}");
        assert!(text.contains("connection: close"), "{text}");
    }
}

#[test]
fn the_answers_before_it_are_whole() {
    let served = Served::new(Config::default(), LIMITS);
    let mut client = served.connect();
    client.write(format!("{}GARBAGE\r\n\r\n", post("/ingest", EVENT)));
    let (status, text) = client.answer();
    assert!(status == 200 && text.ends_with('}'), "{text}");
    assert_eq!(client.answer().0, 400);
    assert!(client.is_closed());
}
