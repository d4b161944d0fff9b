//! `pik compare`: which events never arrived.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::events::event;
use crate::said::run;
use crate::server::Server;

/// More than a page of any answer, and than one look-up.
const EVENTS: u64 = 2_500;

fn write(path: &Path, lines: impl Iterator<Item = u64>) -> String {
    fs::write(path, lines.map(event).collect::<Vec<_>>().join(&b'\n')).unwrap();
    path.to_str().unwrap().to_owned()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Every third event is missing, while another client goes on writing.
fn finds_what_is_missing(place: [&str; 2], all: &str) {
    let found = run(&[&["compare", all], &place[..]].concat());
    let missing: Vec<String> = (0..EVENTS).filter(|number| number % 3 == 0).map(|number| text(event(number))).collect();
    assert_eq!(found.out.lines().collect::<Vec<_>>(), missing);
    assert_eq!(found.code, 1);
    let counts = format!(
        "{} stored, 0 repeated in the file, {} missing, 0 invalid\n",
        EVENTS as usize - missing.len(),
        missing.len()
    );
    assert_eq!(found.err, counts);
}

#[test]
fn the_missing_lines_come_out_and_can_be_sent() {
    let folder = tempfile::tempdir().unwrap();
    let all = write(&folder.path().join("all.ndjson"), 0..EVENTS);
    let some = write(&folder.path().join("some.ndjson"), (0..EVENTS).filter(|number| number % 3 != 0));
    let server = Server::start();
    let url = server.url();
    assert_eq!(run(&["send", "--url", &url, &some]).code, 0);

    let other = write(&folder.path().join("other.ndjson"), EVENTS..2 * EVENTS);
    let writer = std::thread::spawn({
        let url = url.clone();
        move || run(&["send", "--url", &url, "--batch-size", "10", &other]).code
    });
    finds_what_is_missing(["--url", &url], &all);
    assert_eq!(writer.join().unwrap(), 0);

    let missing = folder.path().join("missing.ndjson");
    fs::write(&missing, run(&["compare", &all, "--url", &url]).out).unwrap();
    let sent = run(&["send", "--url", &url, missing.to_str().unwrap()]);
    assert_eq!(sent.out, "accepted 834, duplicate 0, rejected 0, failed 0\n");
    let now = run(&["compare", &all, "--url", &url]);
    assert_eq!((now.code, now.out.as_str()), (0, ""), "{}", now.err);

    let (_, _, data) = server.stop();
    let data = data.path().to_str().unwrap();
    let now = run(&["compare", &all, "--data", data]);
    assert_eq!((now.code, now.out.as_str()), (0, ""), "{}", now.err);
    let store = folder.path().join("store");
    let store = store.to_str().unwrap();
    assert_eq!(run(&["import", data, "--data", store]).code, 1, "a store is no folder of objects");
    let export = folder.path().join("objects");
    assert_eq!(run(&["export", "--data", data, "--to", export.to_str().unwrap()]).code, 0);
    assert_eq!(run(&["import", export.to_str().unwrap(), "--data", store]).code, 0);
    let equal = run(&["compare", "--left", data, "--right", store]);
    assert_eq!((equal.code, equal.out.as_str()), (0, ""), "{}", equal.err);
    assert_eq!(equal.err, "5000 in both, 0 only in left, 0 only in right\n");
}

#[test]
fn repeated_lines_invalid_ones_and_events_over_lines_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.ndjson");
    let lines = [event(1), b"{\"source\":".to_vec(), event(2), event(1), b"\xff".to_vec(), event(2)];
    fs::write(&file, lines.join(&b'\n')).unwrap();
    let pretty = folder.path().join("pretty.json");
    let value: Value = serde_json::from_slice(&event(3)).unwrap();
    fs::write(&pretty, format!("[\n{}\n]", serde_json::to_string_pretty(&value).unwrap())).unwrap();
    let server = Server::start();
    let files = [file.to_str().unwrap(), pretty.to_str().unwrap()];
    let url = server.url();
    let found = run(&["compare", files[0], files[1], "--url", &url]);
    let ids: Vec<String> =
        found.out.lines().map(|line| pik_core::Event::parse(line.as_bytes()).unwrap().id().to_string()).collect();
    let expected = [1, 2, 3].map(|number| pik_core::Event::parse(&event(number)).unwrap().id().to_string());
    assert_eq!(ids, expected);
    assert_eq!(
        found.err,
        "0 stored, 2 repeated in the file, 3 missing, 2 invalid\ninvalid: 2 invalid_json; `pik check` tells each\n"
    );
    let json = run(&["compare", files[0], files[1], "--url", &url, "--json"]);
    let lines: Vec<Value> = json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: BTreeSet<(String, u64)> = lines
        .iter()
        .map(|line| (line["status"].as_str().unwrap().to_owned(), line["line"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("invalid", 2),
        ("invalid", 5),
        ("missing", 1),
        ("missing", 2),
        ("missing", 3),
        ("repeated", 4),
        ("repeated", 6),
    ];
    assert_eq!(told, expected.map(|(status, line)| (status.to_owned(), line)).into());
}

#[test]
fn events_that_another_writer_spelled_are_found_by_their_members() {
    let body = |entity: &str, second: &str, payload: &str| {
        format!(
            r#"{{"source":"shop","event_type":"order","entity_id":"{entity}","event_time":"2025-12-28T12:00:{second}Z","payload":{payload}}}"#
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let (stored, file) = (folder.path().join("stored.ndjson"), folder.path().join("file.ndjson"));
    let there = [
        body("a", "00", r#"{"total":12345678901234567000,"plan":"x"}"#),
        body("b", "00.4", r#"{"total":1}"#),
        body("c", "00", r#"{"total":1}"#),
        // Only one of the file's two is there.
        body("d", "00", r#"{"total":1}"#),
    ];
    let here = [
        body("a", "00", r#"{"total":12345678901234567890}"#),
        body("b", "00", r#"{"total":"1"}"#),
        body("c", "09", r#"{"total":1}"#),
        body("d", "00", r#"{"total":2}"#),
        body("d", "00", r#"{"total":1}"#),
    ];
    fs::write(&stored, there.join("\n")).unwrap();
    fs::write(&file, here.join("\n")).unwrap();
    let server = Server::start();
    let url = server.url();
    assert_eq!(run(&["send", "--url", &url, stored.to_str().unwrap()]).code, 0);
    let compare = ["compare", file.to_str().unwrap(), "--url", &url, "--key", "source,event_type,entity_id,event_time"];
    let found = run(&[&compare[..], &["--tolerance", "1s"]].concat());
    assert_eq!(found.out.lines().collect::<Vec<_>>(), [&here[2], &here[3]]);
    assert_eq!(
        found.err,
        "1 stored, 0 repeated in the file, 2 missing, 0 invalid\n2 stored otherwise:\n          \
         1  /payload/total: the same number to a float, with other digits\n          \
         1  /payload/total: a number on one side, a text on the other\n          \
         1  /payload/plan: the store alone has it\n          \
         1  /event_time: another value\n"
    );
    let exact = run(&compare);
    assert_eq!(exact.out.lines().collect::<Vec<_>>(), [&here[1], &here[2], &here[3]]);
    let json = run(&[&compare[..], &["--json", "--tolerance", "1s"]].concat());
    let differs: Vec<Value> = json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = pik_core::Event::parse(there[0].as_bytes()).unwrap().id().to_string();
    assert_eq!((&differs[0]["status"], &differs[0]["stored_event_id"]), (&"differs".into(), &first.into()));
    assert_eq!(differs[0]["differences"][0]["change"], "number_rounded");
}

#[test]
fn each_of_two_stores_is_told_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let one = write(&folder.path().join("one.ndjson"), 0..EVENTS);
    let other = write(&folder.path().join("other.ndjson"), 10..EVENTS + 5);
    let (left, right) = (Server::start(), Server::start());
    assert_eq!(run(&["send", "--url", &left.url(), &one]).code, 0);
    assert_eq!(run(&["send", "--url", &right.url(), &other]).code, 0);
    let (_, _, left) = left.stop();
    let compare = ["compare", "--left", left.path().to_str().unwrap()];
    let found = run(&[&compare[..], &["--right", &right.url()]].concat());
    let side = |side: &str| found.out.lines().filter(|line| line.starts_with(&format!("only in {side}: raw/"))).count();
    assert_eq!((found.code, side("left"), side("right")), (1, 10, 5), "{}", found.err);
    assert!(found.err.ends_with("2490 in both, 10 only in left, 5 only in right\n"), "{}", found.err);
    let json = run(&[&compare[..], &["--url", &right.url(), "--json"]].concat());
    assert_eq!(json.out.lines().filter(|line| line.starts_with(r#"{"only_in":"right","event_id":""#)).count(), 5);
}

#[test]
fn what_makes_no_sense_is_told_what_to_do() {
    let nowhere = tempfile::tempdir().unwrap();
    let nowhere = nowhere.path().to_str().unwrap();
    for (arguments, words) in [
        (&["--key", "payload,entity_id,event_time"][..], "`payload` is none of source, event_type"),
        (&["--key", "source"], "found by entity_id and event_time"),
        (&["--tolerance", "soon", "--key", "entity_id,event_time"], "write a duration such as"),
        (&["--left", nowhere, "--right", nowhere], "name the folder of a store, or the URL of a host"),
        (&["--right", nowhere], "--left"),
        (&["--left", nowhere, "file.ndjson"], "cannot be used with"),
    ] {
        let said = run(&[&["compare"], arguments].concat());
        assert_ne!(said.code, 0);
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
    // An older host has no such path.
    let said = run(&["compare", "--left", nowhere]);
    assert_eq!(said.code, 1);
}
