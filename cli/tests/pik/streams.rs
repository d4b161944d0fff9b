//! `pik streams`, and what is said of sources and types that are not there.

use std::process::Output;

use serde_json::Value;

use crate::connection::{Connection, post};
use crate::server::{Server, pik};

fn event(source: &str, event_type: &str, number: usize) -> String {
    let event = serde_json::json!({ "source": source, "event_type": event_type, "entity_id": "e",
        "event_time": "2025-12-28T12:00:00Z", "payload": number });
    event.to_string()
}

fn run(arguments: &[&str]) -> Output {
    pik([]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_stream_is_listed_over_many_pages_by_a_host_and_by_a_store() {
    // More than fit into one page.
    const STREAMS: usize = 2_500;
    let server = Server::start();
    let body: Vec<String> = (0..STREAMS).map(|number| event(&format!("source {number:04}"), "order.paid", 0)).collect();
    let mut connection = server.connect();
    let send = |connection: &mut Connection, body: String| {
        connection.write(post("/ingest/batch", "application/x-ndjson", "", body.as_bytes()));
        let answer = connection.read();
        assert_eq!(answer.status, 200);
    };
    send(&mut connection, body.join("\n"));
    send(&mut connection, event("source 0007", "order.paid", 0));
    let url = server.url();
    let from_host = run(&["streams", "--url", &url, "--json", "--limit", "0"]);
    let some = run(&["streams", "--url", &url, "--limit", "3"]);
    let (_, _, data) = server.stop();
    let from_store = run(&["streams", "--data", data.path().to_str().unwrap(), "--json", "--limit", "0"]);
    assert_eq!(text(&from_host.stdout), text(&from_store.stdout));
    let streams: Vec<Value> = text(&from_host.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(streams.len(), STREAMS);
    for (number, stream) in streams.iter().enumerate() {
        assert_eq!(stream["source"], format!("source {number:04}"));
        assert_eq!((&stream["accepted"], &stream["duplicate"]), (&1.into(), &u64::from(number == 7).into()));
        assert_eq!(stream["last_event_time"], "2025-12-28T12:00:00Z");
    }
    let table = text(&some.stdout);
    assert!(table.starts_with("SOURCE") && table.lines().count() == 4, "{table}");
    assert!(text(&some.stderr).contains("3 shown, and there are more"), "{}", text(&some.stderr));
}

#[test]
fn an_unknown_stream_is_told_with_the_nearest_names() {
    let server = Server::start();
    let mut connection = server.connect();
    for (source, event_type) in [("shop", "order.paid"), ("shop", "order.sent"), ("app", "heartbeat")] {
        assert_eq!(connection.ingest(event(source, event_type, 1).as_bytes()).status, 200);
    }
    let url = server.url();
    let folder = tempfile::TempDir::new().unwrap();
    let export = folder.path().join("lake");
    let day = ["--source", "shop", "--event-date", "2025-12-28", "--url", &url];
    let stats = ["stats", "--source", "shop", "--from", "2025-12-28", "--until", "2025-12-29", "--url", &url];
    let questions: [Vec<&str>; 4] = [
        stats.to_vec(),
        [&["events"][..], &day].concat(),
        [&["replay", "--to", "-"][..], &day].concat(),
        [&["export", "--to", export.to_str().unwrap()][..], &day].concat(),
    ];
    for question in questions {
        let unknown = run(&[&question[..], &["--event-type", "Order.Paids"]].concat());
        assert_eq!(unknown.status.code(), Some(1), "{question:?}");
        let told = text(&unknown.stderr);
        let names = "no event of source `shop` and type `Order.Paids`; the nearest are `shop` `order.paid`, ";
        assert!(told.contains(names), "{question:?}: {told}");
        let known = run(&[&question[..], &["--event-type", "order.paid"]].concat());
        assert!(known.status.success(), "{question:?}: {}", text(&known.stderr));
    }
    // A replay of a name that is wrong leaves no journal, which would refuse the one of the right name.
    let (journal, into) = (folder.path().join("journal"), folder.path().join("raw"));
    let places = ["replay", "--journal", journal.to_str().unwrap(), "--to", into.to_str().unwrap()];
    for (event_type, code) in [("Order.Paids", 1), ("order.paid", 0)] {
        let replay = run(&[&places[..], &day, &["--event-type", event_type]].concat());
        assert_eq!(replay.status.code(), Some(code), "{event_type}: {}", text(&replay.stderr));
        assert!(!journal.exists(), "{event_type}");
    }
    // A stream that is there and has nothing to show is no mistake.
    let other_day =
        ["stats", "--source", "app", "--event-type", "heartbeat", "--from", "2020-01-01", "--until", "2020-01-02"];
    assert!(run(&[&other_day[..], &["--url", &url]].concat()).status.success());

    let empty = Server::start();
    let nothing = run(&[&other_day[..], &["--url", &empty.url()]].concat());
    assert_eq!(nothing.status.code(), Some(1));
    assert!(text(&nothing.stderr).contains("nor of any other"), "{}", text(&nothing.stderr));
}

#[test]
fn stats_are_of_several_types_at_once_and_tables_fit_the_terminal() {
    let server = Server::start();
    let mut connection = server.connect();
    for (event_type, number) in [("order.paid", 1), ("order.paid", 2), ("order.sent", 1), ("order.returned", 1)] {
        assert_eq!(connection.ingest(event("shop", event_type, number).as_bytes()).status, 200);
    }
    let url = server.url();
    let day =
        ["stats", "--source", "shop", "--from", "2025-12-28", "--to", "2025-12-29", "--bucket", "day", "--url", &url];
    let two = run(&[&day[..], &["--event-type", "order.sent", "--event-type", "order.paid", "--json"]].concat());
    let buckets: Vec<Value> = text(&two.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&str, u64)> = buckets
        .iter()
        .map(|bucket| (bucket["event_type"].as_str().unwrap(), bucket["accepted"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, [("order.sent", 1), ("order.paid", 2)]);
    let all = run(&day);
    assert_eq!(text(&all.stdout).lines().count(), 4, "{}", text(&all.stdout));
    assert!(text(&all.stdout).starts_with("TYPE            START"), "{}", text(&all.stdout));
    let unknown = run(&[&day[..], &["--event-type", "order.paid", "--event-type", "order.pait"]].concat());
    assert_eq!(unknown.status.code(), Some(1));

    let commands: [&[&str]; 3] = [&day, &["events", "--source", "shop", "--url", &url], &["streams", "--url", &url]];
    for command in commands {
        for columns in ["80", "60"] {
            let output = pik([]).args(command).env("COLUMNS", columns).output().unwrap();
            let table = text(&output.stdout);
            assert!(output.status.success() && table.lines().count() >= 4, "{table}");
            for line in table.lines() {
                let width = line.chars().count();
                assert!(width <= columns.parse().unwrap(), "{width} of {columns}: {line}");
            }
            assert!(text(&output.stderr).contains("left out for want of width"), "{}", text(&output.stderr));
        }
    }
}
