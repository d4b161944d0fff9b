//! Events of a time range, of all types or of one, from either end.

use std::process::Output;

use serde_json::Value;

use crate::connection::post;
use crate::server::{Server, pik};

/// More than two pages.
const EVENTS: usize = 2_500;

fn run(arguments: &[&str]) -> Output {
    pik([]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Two types of two sources each, some seconds apart; the last day first.
fn filled() -> Server {
    let server = Server::start();
    let event = |number: usize| {
        let (day, rest) = (28 - number / 1_250, number % 1_250);
        let time = format!("2025-12-{day}T{:02}:{:02}:{:02}Z", rest / 60, rest % 60, number % 60);
        let event = serde_json::json!({ "source": if number.is_multiple_of(2) { "app" } else { "shop" },
            "event_type": if (number / 2).is_multiple_of(2) { "a" } else { "b" },
            "entity_id": "e", "event_time": time, "payload": number });
        event.to_string()
    };
    let mut connection = server.connect();
    let body: Vec<String> = (0..EVENTS).map(event).collect();
    connection.write(post("/ingest/batch", "application/x-ndjson", "", body.join("\n").as_bytes()));
    assert_eq!(connection.read().status, 200);
    // A window of arrivals ends where they are settled: before this millisecond's end.
    std::thread::sleep(std::time::Duration::from_millis(5));
    server
}

fn times(output: &Output) -> Vec<String> {
    let record = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event_time"].as_str().unwrap().to_owned();
    text(&output.stdout).lines().map(record).collect()
}

#[test]
fn a_day_is_asked_for_by_type_by_source_and_of_all_from_either_end() {
    let server = filled();
    let url = server.url();
    let day = ["events", "--from", "2025-12-28", "--to", "2025-12-29", "--limit", "0", "--json", "--url", &url];
    for (selection, count) in [
        (&[][..], 1_250),
        (&["--source", "app"], 625),
        (&["--source", "app", "--event-type", "b"], 312),
        (&["--source", "app", "--status", "duplicate"], 0),
    ] {
        let found = times(&run(&[&day[..], selection].concat()));
        assert_eq!(found.len(), count, "{selection:?}");
        assert!(found.is_sorted(), "{selection:?}");
        let mut back = times(&run(&[&day[..], selection, &["--desc"]].concat()));
        assert!(back.is_sorted_by(|one, next| one >= next), "{selection:?}");
        back.reverse();
        assert_eq!(back.len(), count);
        assert_eq!(back, found, "{selection:?}");
    }
    let newest = run(&["events", "--desc", "--limit", "3", "--json", "--url", &url]);
    let numbers: Vec<Value> = text(&newest.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers.iter().all(|record| record["event_time"].as_str().unwrap().starts_with("2025-12-27T20")));
}

#[test]
fn a_day_of_all_types_is_replayed_and_exported() {
    let server = filled();
    let url = server.url();
    let day = ["--from", "2025-12-28", "--until", "2025-12-29", "--url", &url];
    let replayed = run(&[&["replay", "--to", "-"][..], &day].concat());
    assert!(replayed.status.success(), "{}", text(&replayed.stderr));
    assert_eq!(text(&replayed.stdout).lines().count(), 1_250);
    let folder = tempfile::TempDir::new().unwrap();
    let lake = folder.path().join("lake");
    let exported = run(&[&["export", "--to", lake.to_str().unwrap(), "--source", "shop"][..], &day].concat());
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    assert!(text(&exported.stdout).starts_with("new 625,"), "{}", text(&exported.stdout));
}

#[test]
fn lags_have_units_and_what_makes_no_sense_is_told() {
    let server = filled();
    let url = server.url();
    let late =
        ["events", "--source", "app", "--event-type", "a", "--event-date", "2025-12-28", "--json", "--url", &url];
    let all = run(&[&late[..], &["--min-lag", "2d", "--limit", "0"]].concat());
    assert_eq!(text(&all.stdout).lines().count(), 313, "{}", text(&all.stderr));
    let none = run(&[&late[..], &["--min-lag", "99999d"]].concat());
    assert!(none.status.success() && none.stdout.is_empty());
    for (arguments, told) in [
        (&["events", "--event-type", "a"][..], "--event-type needs its --source"),
        (&["events", "--from", "2025-12-28", "--arrived-from", "2025-12-28"], "--arrived-from does not go with --from"),
        (&["events", "--min-lag", "1h"], "need --source, --event-type and --event-date"),
        (&["events", "--entity-id", "e", "--desc"], "--desc does not go with --entity-id"),
        (&["events", "--arrived-from", "2025-12-28", "--arrived-to", "2025-12-28"], "--arrived-from is not before"),
    ] {
        let output = run(&[arguments, &["--url", &url]].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(told), "{arguments:?}: {}", text(&output.stderr));
    }
    let lag = run(&["events", "--min-lag", "1w", "--url", &url]);
    assert!(text(&lag.stderr).contains("not a lag; write a whole number with a unit"), "{}", text(&lag.stderr));
}
