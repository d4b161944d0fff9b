//! Finding events, reading them, and moving them elsewhere.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::{PATIENCE, Server, pik};

/// Names that a key has to escape, or a shell, a URL or a table to leave alone.
const ODD: [&str; 6] = ["a/b c", "100%", "ü=日本", "__HIVE_DEFAULT_PARTITION__", "..", "q&a?#'\""];

fn event(source: &str, entity_id: &str, event_time: &str) -> String {
    let event = serde_json::json!({ "source": source, "event_type": "t", "entity_id": entity_id,
        "event_time": event_time, "payload": null });
    event.to_string()
}

/// Two of three events an hour, but for the hours 6 and 7.
fn a_day_with_a_hole() -> Vec<String> {
    let hours = (0..24).filter(|hour| !matches!(hour, 6 | 7));
    let times = hours.flat_map(|hour| [10, 40].map(|minute| format!("2025-12-28T{hour:02}:{minute}:00Z")));
    // Not in the order of their times.
    times.rev().map(|time| event("app", "user_1", &time)).collect()
}

fn send(server: &Server, events: &[String]) {
    let mut connection = server.connect();
    for event in events {
        assert_eq!(connection.ingest(event.as_bytes()).status, 200);
    }
}

/// A folder with a store in which these events arrived.
fn store_of(events: &[String]) -> TempDir {
    let server = Server::start();
    send(&server, events);
    server.stop().2
}

fn run(arguments: &[&str]) -> Output {
    pik([]).args(arguments).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What succeeded said.
fn good(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", told(&output));
    out(&output)
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn texts(records: &[Value], member: &str) -> Vec<String> {
    records.iter().map(|record| record[member].as_str().unwrap().to_owned()).collect()
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.insert(path);
        }
    }
    found
}

const DAY: [&str; 6] = ["--source", "app", "--event-type", "t", "--event-date", "2025-12-28"];

#[test]
fn a_missing_hour_is_a_row_of_zeros() {
    let data = store_of(&a_day_with_a_hole());
    let question = ["stats", "--source", "app", "--event-type", "t", "--from", "2025-12-28", "--until", "2025-12-29"];
    let table = good(&[&question[..], &["--data", path(&data)]].concat());
    let twice = good(&[&question[..], &["--event-type", "t", "--data", path(&data)]].concat());
    assert_eq!(twice, table, "a type that is named twice is counted once");
    let row = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap().split_whitespace().count();
    assert_eq!(table.lines().count(), 25);
    assert!(table.contains("2025-12-28T05:00:00Z         2          0         0  ████████████████████"), "{table}");
    assert_eq!((row("2025-12-28T06"), row("2025-12-28T07")), (4, 4), "{table}");

    let buckets = lines(&good(&[&question[..], &["--data", path(&data), "--json"]].concat()));
    let accepted: Vec<u64> = buckets.iter().map(|bucket| bucket["accepted"].as_u64().unwrap()).collect();
    assert_eq!(accepted.len(), 24);
    assert_eq!(
        accepted.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| at).collect::<Vec<_>>(),
        [6, 7]
    );
    assert_eq!(accepted.iter().sum::<u64>(), 44);
}

#[test]
fn one_entity_through_time() {
    let data = store_of(&[a_day_with_a_hole(), vec![event("app", "user_2", "2025-12-28T01:00:00Z")]].concat());
    let question = ["events", "--entity-id", "user_1", "--data", path(&data), "--json"];
    let times = texts(&lines(&good(&[&question[..], &["--limit", "0"]].concat())), "event_time");
    assert_eq!(times.len(), 44);
    assert!(times.is_sorted());

    let some = run(&[&question[..], &["--limit", "3", "--from", "2025-12-28T05:00:00Z"]].concat());
    let times = texts(&lines(&out(&some)), "event_time");
    assert_eq!(times, ["2025-12-28T05:10:00Z", "2025-12-28T05:40:00Z", "2025-12-28T08:10:00Z"]);
    assert!(told(&some).contains("there are more"), "{}", told(&some));
}

#[test]
fn an_event_and_its_duplicates_and_its_bytes() {
    let spread = "{ \"source\":\"app\",\n\"event_type\":\"t\", \"entity_id\":\"u\",\r\n\"event_time\":\"2025-12-28T00:00:00.0Z\",\"payload\":1.0}";
    let data = store_of(&vec![spread.to_owned(); 3]);
    let record = lines(&good(&["events", "--entity-id", "u", "--data", path(&data), "--json", "--limit", "1"]));
    let id = record[0]["event_id"].as_str().unwrap();

    let records = lines(&good(&["show", id, "--data", path(&data), "--json"]));
    assert_eq!(texts(&records, "status"), ["ACCEPTED", "DUPLICATE", "DUPLICATE"]);
    let shown = good(&["show", id, "--data", path(&data)]);
    assert!(shown.contains(record[0]["raw_key"].as_str().unwrap()), "{shown}");
    assert_eq!(good(&["raw", id, "--data", path(&data)]), spread);

    let unknown = "0".repeat(64);
    for command in ["show", "raw"] {
        let output = run(&[command, &unknown, "--data", path(&data)]);
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).contains("no event with this id"), "{}", told(&output));
    }
}

#[test]
fn a_host_answers_as_its_store_does() {
    let server = Server::start();
    send(&server, &a_day_with_a_hole());
    send(&server, &ODD.map(|name| event(name, name, "2025-12-28T12:00:00Z")));
    let mut questions: Vec<Vec<&str>> = vec![
        vec!["events", "--entity-id", "user_1", "--limit", "0"],
        [&["events"], &DAY[..]].concat(),
        vec!["events", "--ingested-from", "2025-01-01", "--ingested-to", "9999-01-01", "--limit", "0"],
        vec!["stats", "--source", "app", "--event-type", "t", "--from", "2025-12-28", "--until", "2025-12-29"],
        vec![
            "stats",
            "--source",
            "app",
            "--event-type",
            "t",
            "--from",
            "2025-12-01",
            "--until",
            "2026-01-01",
            "--bucket",
            "day",
        ],
    ];
    for name in ODD {
        questions.push(vec!["events", "--entity-id", name]);
        questions.push(vec!["events", "--source", name, "--event-type", "t", "--event-date", "2025-12-28"]);
    }
    let url = server.url();
    let over_http: Vec<String> =
        questions.iter().map(|asked| good(&[&asked[..], &["--json", "--url", &url]].concat())).collect();
    let exported = tempfile::tempdir().unwrap();
    assert_eq!(
        good(&["export", "--url", &url, "--to", path(&exported)]),
        "new 50, there before 0, refused 0, unusable 0\n"
    );
    let (_, _, data) = server.stop();
    for (asked, answer) in questions.iter().zip(over_http) {
        assert!(!answer.is_empty(), "{asked:?}");
        assert_eq!(good(&[&asked[..], &["--json", "--data", path(&data)]].concat()), answer, "{asked:?}");
    }
    let again = good(&["export", "--data", path(&data), "--to", path(&exported)]);
    assert_eq!(again, "new 0, there before 50, refused 0, unusable 0\n");
}

#[test]
fn what_cannot_be_asked_is_told() {
    let nowhere = tempfile::tempdir().unwrap();
    let missing = nowhere.path().join("missing");
    let missing = missing.to_str().unwrap();
    let data = store_of(&[]);
    let cases: [(&[&str], &str); 7] = [
        (&["events", "--entity-id", "a", "--data", missing], "there is no database"),
        (&["events", "--data", path(&data)], "say which events"),
        (
            &["events", "--entity-id", "a", "--source", "b", "--data", path(&data)],
            "--source does not go with --entity-id",
        ),
        (
            &["events", "--entity-id", "a", "--from", "2025-12-29", "--until", "2025-12-28", "--data", path(&data)],
            "is not before",
        ),
        (&["export", "--to", "gs://bucket", "--data", path(&data)], "`gs://` is no place that is known here"),
        (&["export", "--to", "sqs://queue", "--data", path(&data)], "a queue keeps no objects"),
        (&["import", missing, "--data", path(&data)], "has no folder `raw`"),
    ];
    for (arguments, expected) in cases {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(told(&output).contains(expected), "{arguments:?}: {}", told(&output));
    }
    assert!(!Path::new(missing).exists());
}

#[test]
fn a_store_that_a_server_has_is_asked_over_http() {
    let server = Server::start_on(tempfile::tempdir().unwrap(), |command| command);
    let data = server.data();
    let output = run(&["events", "--entity-id", "a", "--data", data]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("ask that server with --url"), "{}", told(&output));
}

#[test]
fn what_is_exported_goes_back_in() {
    let events: Vec<String> = ODD.iter().map(|name| event(name, name, "2025-12-28T23:59:59.5Z")).collect();
    let data = store_of(&events);
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let export = ["export", "--data", path(&data), "--to", path(&folder)];
    assert_eq!(good(&export), "new 6, there before 0, refused 0, unusable 0\n");
    let exported = files(folder.path());
    let bytes: BTreeSet<String> = exported.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    assert_eq!(bytes, events.iter().cloned().collect());

    // What is there stays, and what is missing is written.
    fs::remove_file(exported.first().unwrap()).unwrap();
    assert_eq!(good(&export), "new 1, there before 5, refused 0, unusable 0\n");
    assert_eq!(files(folder.path()), exported);

    let import = ["import", path(&folder), "--data", path(&other)];
    assert_eq!(good(&import), "new 6, there before 0, refused 0, unusable 0\n");
    assert_eq!(good(&import), "new 0, there before 6, refused 0, unusable 0\n");
    for name in ODD {
        let ask = |data| {
            texts(&lines(&good(&["events", "--entity-id", name, "--limit", "1", "--json", "--data", data])), "event_id")
        };
        assert_eq!(ask(path(&data)), ask(path(&other)));
    }
}

#[test]
fn what_was_changed_on_the_way_stays_out() {
    let data = store_of(&[event("a", "a", "2025-12-28T01:00:00Z"), event("b", "b", "2025-12-28T01:00:00Z")]);
    let folder = tempfile::tempdir().unwrap();
    good(&["export", "--data", path(&data), "--to", path(&folder)]);
    let first = files(folder.path()).pop_first().unwrap();
    let original = fs::read_to_string(&first).unwrap();
    let import = |store: &str| run(&["import", path(&folder), "--data", folder.path().join(store).to_str().unwrap()]);

    fs::write(&first, original.replace("null", "true")).unwrap();
    let output = import("one");
    assert_eq!(
        (output.status.code(), out(&output)),
        (Some(1), "new 1, there before 0, refused 0, unusable 1\n".to_owned())
    );
    assert!(told(&output).contains("is another event"), "{}", told(&output));
    let export = run(&["export", "--data", path(&data), "--to", path(&folder)]);
    assert_eq!(
        (export.status.code(), out(&export)),
        (Some(1), "new 0, there before 1, refused 1, unusable 0\n".to_owned())
    );
    assert_eq!(fs::read_to_string(&first).unwrap(), original.replace("null", "true"));

    fs::write(&first, &original).unwrap();
    let elsewhere = first.to_str().unwrap().replace("hour=01", "hour=02");
    fs::create_dir_all(Path::new(&elsewhere).parent().unwrap()).unwrap();
    fs::rename(&first, &elsewhere).unwrap();
    let output = import("two");
    assert_eq!(
        (output.status.code(), out(&output)),
        (Some(1), "new 1, there before 0, refused 0, unusable 1\n".to_owned())
    );
    assert!(told(&output).contains("lies in another partition"), "{}", told(&output));
}

#[test]
fn a_replay_is_in_the_order_of_event_times() {
    let mut events = a_day_with_a_hole();
    events.extend(events.clone());
    let data = store_of(&events);
    let counted = run(&[&["replay"], &DAY[..], &["--data", path(&data), "--to", "-", "--dry-run"]].concat());
    assert_eq!(out(&counted), "");
    assert!(told(&counted).starts_with("44 events, "), "{}", told(&counted));

    let replayed = good(&[&["replay"], &DAY[..], &["--data", path(&data), "--to", "-"]].concat());
    let times = texts(&lines(&replayed), "event_time");
    assert_eq!(times.len(), 44);
    assert!(times.is_sorted());

    // Duplicates alone are the same raw objects.
    let arrived = ["replay", "--ingested-from", "2025-01-01", "--ingested-to", "9999-01-01", "--status", "duplicate"];
    assert_eq!(good(&[&arrived[..], &["--data", path(&data), "--to", "-"]].concat()), replayed);
}

#[test]
fn an_interrupted_replay_goes_on_where_it_was() {
    let data = store_of(&a_day_with_a_hole());
    let target = Server::start();
    let place = tempfile::tempdir().unwrap();
    let journal = place.path().join("journal");
    let url = target.url();
    let common = ["--data", path(&data), "--to", &url, "--journal", journal.to_str().unwrap()];
    let replay = [&["replay"], &DAY[..], &common].concat();
    let mut first = pik([]).args(&replay).args(["--rate", "20"]).spawn().unwrap();
    let start = Instant::now();
    let delivered = || fs::read_to_string(&journal).unwrap_or_default().matches("delivered").count();
    while delivered() < 3 {
        assert!(start.elapsed() < PATIENCE, "nothing is delivered");
        std::thread::sleep(Duration::from_millis(5));
    }
    first.kill().unwrap();
    assert!(!first.wait().unwrap().success(), "it ended before it was interrupted");
    // A line that was being written.
    fs::OpenOptions::new().append(true).open(&journal).unwrap().write_all(b"{\"deliv").unwrap();

    let other_day = [&["replay"], &DAY[..4], &["--event-date", "2025-12-27"], &common].concat();
    let refused = run(&other_day);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told(&refused).contains("is the journal of another replay"), "{}", told(&refused));

    let second = run(&replay);
    assert!(second.status.success(), "{}", told(&second));
    assert!(told(&second).contains("going on behind the first"), "{}", told(&second));
    assert!(!journal.exists());
    let (_, _, arrived) = target.stop();
    let records =
        lines(&good(&["events", "--entity-id", "user_1", "--limit", "0", "--json", "--data", path(&arrived)]));
    let accepted = |status: &str| records.iter().filter(|record| record["status"] == status).count();
    assert_eq!(accepted("ACCEPTED"), 44);
    // Two events a step: one request may have been answered and not been noted.
    assert!(accepted("DUPLICATE") <= 2, "{}", accepted("DUPLICATE"));
}

#[test]
fn a_target_that_gives_other_ids_ends_the_replay() {
    let data = store_of(&a_day_with_a_hole());
    let place = tempfile::tempdir().unwrap();
    let journal = place.path().join("journal");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        // One line for each of the 44 events.
        while request.windows(2).filter(|pair| pair == b"}\n").count() < 44 {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).unwrap();
            assert_ne!(read, 0, "the request ended early");
            request.extend_from_slice(&piece[..read]);
        }
        let id = "0".repeat(64);
        let key = format!(
            "raw/source=app/event_type=t/event_date=2025-12-28/ingest_date=2025-12-29/hour=00/event_id={id}.json"
        );
        let result =
            format!("{{\"status\":\"ACCEPTED\",\"event_id\":\"{id}\",\"ingest_lag_ms\":0,\"s3_key\":\"{key}\"}}");
        let body = format!("{{\"results\":[{}]}}", vec![result; 44].join(","));
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).unwrap();
    });
    let common = ["--data", path(&data), "--to", &url, "--journal", journal.to_str().unwrap()];
    let output = run(&[&["replay"], &DAY[..], &common].concat());
    answers.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("does not keep this contract"), "{}", told(&output));
    // Nothing counts as delivered.
    assert!(!fs::read_to_string(&journal).unwrap().contains("delivered"));
}

#[test]
fn a_journal_is_of_one_replay_at_a_time() {
    let data = store_of(&a_day_with_a_hole());
    let source = Server::start_on(data, |command| command);
    let target = Server::start();
    let place = tempfile::tempdir().unwrap();
    let journal = place.path().join("journal");
    let (from, to) = (source.url(), target.url());
    let common = ["--url", &from, "--to", &to, "--journal", journal.to_str().unwrap(), "--rate", "40"];
    let replay = [&["replay"], &DAY[..], &common].concat();
    let all: Vec<_> =
        (0..4).map(|_| pik([]).args(&replay).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).collect();
    let outputs: Vec<Output> = all.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let (good, refused): (Vec<&Output>, Vec<&Output>) = outputs.iter().partition(|output| output.status.success());
    assert_eq!(good.len(), 1, "{outputs:?}");
    assert!(told(good[0]).starts_with("44 events, "), "{}", told(good[0]));
    for output in refused {
        assert!(told(output).contains("another replay has the journal"), "{}", told(output));
    }
    assert!(!journal.exists());
    let arrived = lines(&good_events(&to));
    assert_eq!(arrived.len(), 44);
}

fn good_events(url: &str) -> String {
    good(&["events", "--entity-id", "user_1", "--limit", "0", "--json", "--url", url])
}

#[test]
fn a_journal_that_was_cut_short_is_planned_anew() {
    let data = store_of(&a_day_with_a_hole());
    let place = tempfile::tempdir().unwrap();
    let (journal, folder) = (place.path().join("journal"), place.path().join("folder"));
    let common = ["--data", path(&data), "--to", folder.to_str().unwrap(), "--journal", journal.to_str().unwrap()];
    let replay = [&["replay"], &DAY[..], &common].concat();
    // What a kill leaves that comes while the plan is written: a part of the first line.
    for cut in ["", "{\"jour", "{\"journal\":1,\"replay\":{\"from\""] {
        fs::write(&journal, cut).unwrap();
        let counts = good(&replay);
        assert!(counts.ends_with("refused 0, unusable 0\n"), "{cut}: {counts}");
        assert!(!journal.exists());
    }
    // Something else of the user's is left alone.
    for other in ["notes\n", "{\"a\":1}\n", "notes"] {
        fs::write(&journal, other).unwrap();
        let output = run(&replay);
        assert_eq!(output.status.code(), Some(1));
        assert!(told(&output).contains("is no journal of a replay"), "{}", told(&output));
        assert_eq!(fs::read_to_string(&journal).unwrap(), other);
    }
}

#[test]
fn a_target_that_stores_nothing_is_no_success() {
    let data = store_of(&a_day_with_a_hole());
    let place = tempfile::tempdir().unwrap();
    let (journal, folder) = (place.path().join("journal"), place.path().join("folder"));
    let target = Server::start_with(|command| command.env("DRY_RUN", "true"));
    let url = target.url();
    let common = ["--data", path(&data), "--to", &url, "--journal", journal.to_str().unwrap()];
    let replay = run(&[&["replay"], &DAY[..], &common].concat());
    assert_eq!((replay.status.code(), out(&replay).starts_with("new 0, ")), (Some(1), true));
    assert!(told(&replay).contains("DRY_RUN") && journal.exists(), "{}", told(&replay));
    good(&["export", "--data", path(&data), "--to", folder.to_str().unwrap()]);
    let import = run(&["import", folder.to_str().unwrap(), "--url", &url]);
    assert_eq!((import.status.code(), out(&import).starts_with("new 0, ")), (Some(1), true));
    assert!(told(&import).contains("DRY_RUN"), "{}", told(&import));
}

#[test]
fn names_of_events_reach_no_terminal_raw() {
    // Names may have no control characters; a bidi mark turns a line round all the same.
    let name = "user\u{202e}gpj.exe\u{2028}\u{200b}";
    let data = store_of(&[event(name, name, "2025-12-28T00:00:00Z")]);
    let table = good(&["events", "--entity-id", name, "--data", path(&data)]);
    assert!(table.contains("user\\u{202e}gpj.exe\\u{2028}\\u{200b}"), "{table}");
    let json = good(&["events", "--entity-id", name, "--data", path(&data), "--json"]);
    let id = texts(&lines(&json), "event_id").remove(0);
    let shown = good(&["show", &id, "--data", path(&data)]);
    for text in [table, shown] {
        assert!(!text.contains(['\u{202e}', '\u{2028}', '\u{200b}']), "{text:?}");
    }
    // JSON and raw bytes are for programs, and are as they were.
    assert!(json.contains(name), "{json:?}");
    assert!(good(&["raw", &id, "--data", path(&data)]).contains(name));
}
