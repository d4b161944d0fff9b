//! The end in good order.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use pik_test_support::Signal;

use crate::connection::post;
use crate::events::{EXAMPLE, EXAMPLE_ID};
use crate::server::{PATIENCE, Server};
use crate::store::contents;

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_is_in_flight_is_answered_and_nothing_new_accepted() {
    let mut server = Server::start();
    let mut idle = server.connect();
    assert_eq!(idle.get("/healthz").status, 200);
    let mut unused = server.connect();
    let mut in_flight = server.connect();
    let request = post("/ingest", "application/json", "", EXAMPLE);
    let (most, last) = request.split_at(request.len() - 1);
    in_flight.write(most);
    // It is in flight once its head was read, which an answer on a later connection shows.
    wait_until("in flight", || server.connect().get("/metrics").text().contains("pik_requests_in_flight 2"));

    server.signal(Signal::TERM);
    let address = server.address;
    wait_until("still accepts", || TcpStream::connect(address).is_err());
    assert!(idle.is_closed(), "a connection without a request is closed");
    assert!(unused.is_closed());
    assert!(!server.has_ended());

    in_flight.write(last);
    let answer = in_flight.read();
    assert_eq!(answer.json()["status"], "ACCEPTED");
    assert!(in_flight.is_closed());
    let (status, log, data) = server.end();
    assert!(status.success());
    assert!(log.lines().last().unwrap().contains("\"message\":\"stopped\""), "{log}");
    assert!(log.contains(EXAMPLE_ID), "the log is whole");
    let left: Vec<_> = data.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with("-wal")), "closed: {left:?}");
    assert_eq!(contents(data.path()).raw[&EXAMPLE_ID.parse().unwrap()], EXAMPLE);
}

#[test]
fn a_terminal_that_closes_does_not_end_the_server() {
    let mut server = Server::start();
    for status in ["ACCEPTED", "DUPLICATE"] {
        server.signal(Signal::HUP);
        assert_eq!(server.connect().ingest(EXAMPLE).json()["status"], status);
    }
    assert!(!server.has_ended());
    let (status, log, data) = server.stop();
    assert!(status.success(), "{status}: {log}");
    assert!(log.lines().last().unwrap().contains("\"message\":\"stopped\""), "{log}");
    assert_eq!(contents(data.path()).raw[&EXAMPLE_ID.parse().unwrap()], EXAMPLE);
}

#[test]
fn what_does_not_end_in_time_is_left() {
    let server = Server::start_with(|command| command.args(["--shutdown-timeout=0.3"]));
    let mut in_flight = server.connect();
    let request = post("/ingest", "application/json", "", EXAMPLE);
    in_flight.write(&request[..request.len() - 1]);
    wait_until("in flight", || server.connect().get("/metrics").text().contains("pik_requests_in_flight 2"));
    let start = Instant::now();
    let (status, log, _) = server.stop();
    assert!(status.success());
    assert!(log.contains("requests in flight were not answered"), "{log}");
    let abandoned = log.lines().find(|line| line.contains("\"http_status\":499")).unwrap_or_else(|| panic!("{log}"));
    assert!(abandoned.contains("the connection ended before the answer"), "{abandoned}");
    assert!((250..5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_hurries() {
    let server = Server::start();
    let mut in_flight = server.connect();
    let request = post("/ingest", "application/json", "", EXAMPLE);
    in_flight.write(&request[..request.len() - 1]);
    wait_until("in flight", || server.connect().get("/metrics").text().contains("pik_requests_in_flight 2"));
    server.signal(Signal::INT);
    let address = server.address;
    wait_until("still accepts", || TcpStream::connect(address).is_err());
    let start = Instant::now();
    server.signal(Signal::INT);
    let (status, _, _) = server.end();
    assert!(status.success());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
