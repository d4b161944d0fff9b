//! `pik tail`: what arrives, once, whatever arrives meanwhile.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::connection::post;
use crate::server::{Server, pik};

const CLIENTS: usize = 8;
const BATCHES: usize = 50;
const EVENTS: usize = 250;

fn event(client: usize, number: usize) -> String {
    format!(
        r#"{{"source":"client {client}","event_type":"{}","entity_id":"e","event_time":"2025-12-28T12:00:00Z","payload":{number}}}"#,
        if number.is_multiple_of(2) { "even" } else { "odd" }
    )
}

/// A tail that has begun to follow.
fn follow(arguments: &[&str]) -> Child {
    let mut command: Command = pik(["tail", "--json"]);
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = [0; 9];
    child.stderr.as_mut().unwrap().read_exact(&mut told).unwrap();
    assert_eq!(&told, b"following");
    child
}

fn send(server: &Server, client: usize, numbers: std::ops::Range<usize>) {
    let mut connection = server.connect();
    let body: Vec<String> = numbers.map(|number| event(client, number)).collect();
    connection.write(post("/ingest/batch", "application/x-ndjson", "", body.join("\n").as_bytes()));
    assert_eq!(connection.read().status, 200);
}

/// How often each receipt was told.
fn told(child: Child) -> (HashMap<String, usize>, Vec<Value>) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let records: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    let mut receipts = HashMap::new();
    for record in &records {
        *receipts.entry(record["receipt"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (receipts, records)
}

#[test]
fn nothing_is_missed_or_repeated_while_8_clients_send_100_000_events() {
    let server = Server::start();
    let total = (CLIENTS * BATCHES * EVENTS).to_string();
    assert_eq!(total, "100000");
    let url = server.url();
    let everything = follow(&["--url", &url, "--limit", &total]);
    let one = follow(&["--url", &url, "--limit", "6250", "--source", "client 3", "--event-type", "odd"]);
    let reading = [everything, one].map(|child| thread::spawn(|| told(child)));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                for batch in 0..BATCHES {
                    send(server, client, batch * EVENTS..(batch + 1) * EVENTS);
                }
            });
        }
    });
    let [(receipts, records), (_, of_one)] = reading.map(|thread| thread.join().unwrap());
    assert_eq!(receipts.len(), CLIENTS * BATCHES * EVENTS);
    assert!(receipts.values().all(|count| *count == 1));
    let times: Vec<&str> = records.iter().map(|record| record["ingest_time"].as_str().unwrap()).collect();
    assert!(times.is_sorted());
    let mut expected: Vec<&str> = records
        .iter()
        .filter(|record| record["source"] == "client 3" && record["event_type"] == "odd")
        .map(|record| record["receipt"].as_str().unwrap())
        .collect();
    let mut found: Vec<&str> = of_one.iter().map(|record| record["receipt"].as_str().unwrap()).collect();
    assert_eq!(found.len(), 6_250);
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn it_goes_on_when_its_host_comes_back() {
    let server = Server::start();
    let address = server.url();
    let address = address.strip_prefix("http://").unwrap().to_owned();
    let mut child = follow(&["--url", &server.url(), "--limit", "6"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    send(&server, 0, 0..3);
    let first: Vec<String> = lines.by_ref().take(3).map(Result::unwrap).collect();
    server.kill();
    let (_, _, data) = server.end();
    let server = Server::start_on(data, |command| command.args(["--listen", &address]));
    send(&server, 0, 2..5);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success());
    let numbers = |lines: &[String]| -> Vec<String> {
        let status = |line: &String| serde_json::from_str::<Value>(line).unwrap()["status"].to_string();
        lines.iter().map(status).collect()
    };
    assert_eq!(numbers(&first), ["\"ACCEPTED\""; 3]);
    let mut statuses = numbers(&rest);
    statuses.sort();
    assert_eq!(statuses, ["\"ACCEPTED\"", "\"ACCEPTED\"", "\"DUPLICATE\""]);
}

#[test]
fn a_server_that_stops_does_not_wait_for_those_that_wait() {
    let server = Server::start();
    let mut connection = server.connect();
    connection.write("GET /events?source=none&wait=30 HTTP/1.1\r\nhost: localhost\r\n\r\n");
    // It waits by now, or has not been read yet: either way it is answered.
    thread::sleep(std::time::Duration::from_millis(300));
    let before = std::time::Instant::now();
    let (status, _, _) = server.stop();
    assert!(status.success());
    assert!(before.elapsed() < std::time::Duration::from_secs(15), "it took {:?}", before.elapsed());
    assert_eq!(connection.read().status, 200);
}
