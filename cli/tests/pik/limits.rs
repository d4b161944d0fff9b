//! Slow clients, large bodies, too many at once.

use std::time::{Duration, Instant};

use crate::connection::{Connection, post};
use crate::events::{EXAMPLE, event};
use crate::server::Server;

fn server_with_short_time_outs() -> Server {
    Server::start_with(|command| {
        command.args(["--header-timeout=0.4", "--body-timeout=0.4", "--request-timeout=5", "--idle-timeout=1.2"])
    })
}

#[test]
fn a_head_that_does_not_end_is_answered_408() {
    let server = server_with_short_time_outs();
    let mut connection = server.connect();
    let start = Instant::now();
    connection.write("POST /ingest HTTP/1.1\r\nhost: localhost\r\n");
    let response = connection.read();
    assert_eq!((response.status, response.code().as_str()), (408, "timeout"));
    assert!(response.header("x-request-id").is_some());
    assert!(connection.is_closed());
    assert!((300..5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn drops_of_a_head_do_not_prolong_it() {
    let server = server_with_short_time_outs();
    let mut connection = server.connect();
    let start = Instant::now();
    let mut stream = connection.try_clone();
    std::thread::spawn(move || {
        for byte in "GET /healthz HTTP/1.1\r\nx-slow: ".bytes().chain(std::iter::repeat_n(b'x', 100)) {
            if std::io::Write::write_all(&mut stream, &[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    // The answer may be lost to the reset that the next drop provokes.
    if let Some(response) = connection.try_read() {
        assert_eq!(response.status, 408);
    }
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_body_that_does_not_end_is_answered_408() {
    let server = server_with_short_time_outs();
    let mut connection = server.connect();
    let request = post("/ingest", "application/json", "", EXAMPLE);
    connection.write(&request[..request.len() - 1]);
    let response = connection.read();
    assert_eq!((response.status, response.code().as_str()), (408, "timeout"));
    assert!(connection.is_closed());
    // Nothing of it was stored.
    assert_eq!(server.connect().ingest(EXAMPLE).json()["status"], "ACCEPTED");
}

#[test]
fn a_connection_that_waits_is_closed_later_than_a_slow_head() {
    let server = server_with_short_time_outs();
    let mut connection = server.connect();
    assert_eq!(connection.get("/healthz").status, 200);
    let start = Instant::now();
    assert!(connection.is_closed());
    assert!((1_000..10_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn time_outs_count_for_each_request_anew() {
    let server = server_with_short_time_outs();
    let mut connection = server.connect();
    for number in 0..4 {
        assert_eq!(connection.ingest(&event(number)).status, 200);
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn a_body_over_the_limit_is_answered_413() {
    let server = Server::start_with(|command| command.args(["--max-event-bytes=1000"]));
    let padded = |length: usize| [EXAMPLE, " ".repeat(length - EXAMPLE.len()).as_bytes()].concat();
    let mut connection = server.connect();
    assert_eq!(connection.ingest(&padded(1000)).json()["status"], "ACCEPTED");
    let response = connection.ingest(&padded(1001));
    assert_eq!((response.status, response.code().as_str()), (413, "too_large"));

    // No length is announced here, so it shows only on the way.
    let mut connection = server.connect();
    connection.write("POST /ingest HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    connection.write("transfer-encoding: chunked\r\n\r\n");
    connection.write(format!("3e9\r\n{}\r\n0\r\n\r\n", String::from_utf8(padded(1001)).unwrap()));
    let response = connection.read();
    assert_eq!((response.status, response.code().as_str()), (413, "too_large"));

    // The default is the contract's limit.
    let server = Server::start();
    assert_eq!(server.connect().ingest(&padded(1_048_576)).status, 200);
    assert_eq!(server.connect().ingest(&padded(1_048_577)).status, 413);
}

#[test]
fn requests_over_the_limit_are_shed_and_health_is_not() {
    let server = Server::start_with(|command| command.args(["--max-requests=2"]));
    let request = post("/ingest", "application/json", "expect: 100-continue\r\n", EXAMPLE);
    let (head, body) = request.split_at(request.len() - EXAMPLE.len());
    let mut held: Vec<Connection> = (0..2).map(|_| server.connect()).collect();
    for connection in &mut held {
        connection.write(head);
        assert_eq!(connection.read().status, 100, "in flight, and waiting for its body");
    }
    let refused = server.connect().ingest(&event(0));
    assert_eq!((refused.status, refused.code().as_str()), (503, "overloaded"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(server.connect().get("/healthz").status, 200);
    assert_eq!(server.connect().get("/readyz").status, 200);
    for connection in &mut held {
        connection.write(body);
        assert_eq!(connection.read().status, 200);
    }
    assert_eq!(server.connect().ingest(&event(1_000)).status, 200);
}

#[test]
fn at_the_limit_the_connection_that_was_idle_the_longest_makes_room() {
    let server = Server::start_with(|command| command.args(["--max-connections=2"]));
    let mut first = server.connect();
    assert_eq!(first.get("/healthz").status, 200);
    let mut second = server.connect();
    assert_eq!(second.get("/healthz").status, 200);
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(second.get("/healthz").status, 200);
    let mut third = server.connect();
    assert_eq!(third.ingest(EXAMPLE).status, 200);
    assert!(first.is_closed());
    assert_eq!(second.get("/healthz").status, 200);
}

#[test]
fn what_is_not_http_does_not_disturb_others() {
    let server = Server::start();
    for garbage in ["\x16\x03\x01\x02\x00\x01", "GET\r\n\r\n", "POST /ingest HTTP/9.9\r\n\r\n", "\0\0\0\0\r\n\r\n"] {
        let mut connection = server.connect();
        connection.write(garbage);
        drop(connection);
    }
    assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
}
