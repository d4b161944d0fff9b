//! Windows of arrivals, read one after the other while events arrive.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::events::event;
use crate::server::{PATIENCE, Server, pik};

const EVENTS: u64 = 2_500;

/// What one command printed, and the time from which it says to ask again.
struct Answer {
    out: String,
    go_on: String,
}

/// Asks for all that arrived from a time on.
fn ask(command: &[&str], from: &str, place: [&str; 2]) -> Answer {
    let window = ["--ingested-from", from, "--ingested-to", "9999-01-01"];
    let output = pik([]).args(command).args(window).args(place).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{command:?}: {told}");
    let go_on = told.lines().find_map(|line| {
        line.strip_prefix("arrivals from ")?.strip_suffix(" on are not settled yet; ask again from there")
    });
    let go_on = go_on.unwrap_or_else(|| panic!("{command:?} does not say where to go on: {told}")).to_owned();
    Answer { out: String::from_utf8(output.stdout).unwrap(), go_on }
}

/// A poll: its ids go into `seen`, each for the first time.
fn poll(from: &str, place: [&str; 2], seen: &mut BTreeSet<String>) -> String {
    let Answer { out, go_on } = ask(&["events", "--json", "--limit", "0"], from, place);
    for line in out.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let arrived = record["ingest_time"].as_str().unwrap();
        assert!(from <= arrived && arrived < go_on.as_str(), "{arrived} is outside {from} to {go_on}");
        assert!(seen.insert(record["event_id"].as_str().unwrap().to_owned()), "shown twice: {record}");
    }
    go_on
}

/// Polls until all events are there. A store that was opened again may let an event arrive up to a second ahead of the
/// clock, so the last ones can be settled later than their writer ended.
fn poll_to_the_end(mut from: String, place: [&str; 2], seen: &mut BTreeSet<String>, events: u64) {
    let start = Instant::now();
    while (seen.len() as u64) < events {
        assert!(start.elapsed() < PATIENCE, "{} of {events} events were shown until {from}", seen.len());
        from = poll(&from, place, seen);
    }
    assert_eq!(seen.len() as u64, events);
}

/// A file of events from the `first`th to before the `end`th.
fn write(folder: &Path, first: u64, end: u64) -> String {
    let file = folder.join(format!("{first}.ndjson"));
    fs::write(&file, (first..end).map(event).collect::<Vec<_>>().join(&b'\n')).unwrap();
    file.to_str().unwrap().to_owned()
}

fn send(file: &str, place: [&str; 2]) {
    let output = pik(["send", file, "--batch-size", "100"]).args(place).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn who_polls_a_host_beside_writers_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start();
    let url = server.url();
    let place = ["--url", &url];
    let files = [0, 1, 2].map(|nth| write(folder.path(), nth * EVENTS, (nth + 1) * EVENTS));
    let (mut seen, mut from) = (BTreeSet::new(), "2025-01-01T00:00:00.000Z".to_owned());
    thread::scope(|scope| {
        let writers = files.each_ref().map(|file| scope.spawn(move || send(file, place)));
        while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
            from = poll(&from, place, &mut seen);
        }
    });
    poll_to_the_end(from, place, &mut seen, 3 * EVENTS);
}

/// A server on this data takes these events in, and ends; what is answered stays if it is killed.
fn served(data: TempDir, file: &str, kill: bool) -> TempDir {
    let server = Server::start_on(data, |command| command);
    send(file, ["--url", &server.url()]);
    if kill {
        server.kill();
        server.end().2
    } else {
        server.stop().2
    }
}

#[test]
fn who_polls_a_store_between_writers_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = tempfile::tempdir().unwrap();
    let (mut seen, mut from) = (BTreeSet::new(), "2025-01-01T00:00:00.000Z".to_owned());
    for nth in 0..6 {
        // Each is another process: what one was told to be settled stays so for the next.
        data = served(data, &write(folder.path(), nth * 300, (nth + 1) * 300), nth % 2 == 1);
        from = poll(&from, ["--data", data.path().to_str().unwrap()], &mut seen);
    }
    poll_to_the_end(from, ["--data", data.path().to_str().unwrap()], &mut seen, 1_800);
}

#[test]
fn every_command_stops_where_arrivals_are_settled() {
    let folder = tempfile::tempdir().unwrap();
    let data = served(tempfile::tempdir().unwrap(), &write(folder.path(), 0, 3), false);
    // Behind a host are other records of the same events.
    let server = Server::start();
    send(&write(folder.path(), 0, 3), ["--url", &server.url()]);
    let data = data.path().to_str().unwrap();
    let url = server.url();
    for (nth, place) in [["--data", data], ["--url", &url]].into_iter().enumerate() {
        let lake = folder.path().join(format!("lake-{nth}"));
        let journal = folder.path().join("journal");
        let (lake, journal) = (lake.to_str().unwrap(), journal.to_str().unwrap());
        for (command, expected) in [
            (&["events", "--limit", "0", "--json"][..], 3),
            (&["export", "--to", lake], 1),
            (&["replay", "--to", "-"], 3),
            (&["replay", "--to", lake, "--journal", journal], 1),
            (&["replay", "--to", lake, "--dry-run"], 0),
        ] {
            let answer = ask(command, "2025-01-01", place);
            assert_eq!(answer.out.lines().count(), expected, "{command:?} {place:?}: {}", answer.out);
            assert!(("2025-01-02".."9999").contains(&answer.go_on.as_str()), "{}", answer.go_on);
            // What is ahead of all clocks is empty, and is asked for again from its own beginning.
            let ahead = ask(command, "9998-01-01", place);
            assert_eq!(ahead.go_on, "9998-01-01T00:00:00.000Z");
        }
        // A window that is settled as a whole needs no word.
        let past = ["events", "--ingested-from", "2025-01-01", "--ingested-to", "2025-01-02"];
        let output = pik([]).args(past).args(place).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "no events\n");
        // It may show less than there is, and then says that first.
        let some = ["events", "--ingested-from", "2025-01-01", "--ingested-to", "9999-01-01", "--limit", "2"];
        let output = pik([]).args(some).args(place).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told, "2 shown, and there are more; raise --limit, or --limit 0 for all\n");
    }
}
