//! Every command that asks page after page, with more events than two pages hold.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::events::{EXAMPLE, event};
use crate::server::{Server, pik};

const EVENTS: usize = 2_500;

fn good(arguments: &[&str]) -> String {
    let output = pik([]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A server with 2,500 events, and one more that came 2,500 times.
fn full_server(folder: &Path) -> Server {
    let server = Server::start();
    let file = folder.join("events.ndjson");
    fs::write(&file, (0..EVENTS as u64).map(event).collect::<Vec<_>>().join(&b'\n')).unwrap();
    let example: Vec<u8> = EXAMPLE.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    let again = folder.join("again.ndjson");
    fs::write(&again, vec![example; EVENTS + 1].join(&b'\n')).unwrap();
    let counts = good(&["send", "--url", &server.url(), file.to_str().unwrap(), again.to_str().unwrap()]);
    assert_eq!(counts, "accepted 2501, duplicate 2500, rejected 0, failed 0\n");
    server
}

fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event_id"].as_str().unwrap().to_owned();
    lines.lines().map(id).collect()
}

fn distinct(mut ids: Vec<String>) -> usize {
    ids.sort();
    ids.dedup();
    ids.len()
}

/// Everything that pages, asked of one place.
fn ask_all(place: [&str; 2], folder: &Path) {
    let ever = ["--ingested-from", "2025-01-01", "--ingested-to", "9999-01-01"];
    let day = ["--source", "test", "--event-type", "tick", "--event-date", "2026-01-01"];
    let with = |arguments: &[&str]| good(&[arguments, &place[..]].concat());

    let all = ids(&with(&[&["events", "--json", "--limit", "0"], &ever[..]].concat()));
    assert_eq!((all.len(), distinct(all)), (2 * EVENTS + 1, EVENTS + 1));
    let lag = ids(&with(&[&["events", "--json", "--limit", "0"], &day[..]].concat()));
    assert_eq!((lag.len(), distinct(lag)), (EVENTS, EVENTS));
    let entity = ids(&with(&["events", "--json", "--limit", "0", "--entity-id", "user_123"]));
    assert_eq!((entity.len(), distinct(entity)), (EVENTS + 1, 1));
    let shown = ids(&with(&["show", crate::events::EXAMPLE_ID, "--json", "--limit", "5000"]));
    assert_eq!(shown.len(), EVENTS + 1);

    let (whole, selected) = (folder.join("whole"), folder.join("selected"));
    let export = |to: &Path, selection: &[&str]| with(&[&["export", "--to", to.to_str().unwrap()], selection].concat());
    assert_eq!(export(&whole, &[]), "new 2501, there before 0, refused 0, unusable 0\n");
    assert_eq!(export(&selected, &day), "new 2500, there before 0, refused 0, unusable 0\n");

    let replayed = with(&[&["replay", "--to", "-"], &ever[..]].concat());
    assert_eq!(replayed.lines().count(), EVENTS + 1);
    let target = Server::start();
    let journal = folder.join("journal");
    let replay = ["replay", "--to", &target.url(), "--journal", journal.to_str().unwrap()];
    assert_eq!(with(&[&replay[..], &day[..]].concat()), "new 2500, there before 0, refused 0, unusable 0\n");
    let import = ["import", whole.to_str().unwrap(), "--url", &target.url()];
    assert_eq!(good(&import), "new 1, there before 2500, refused 0, unusable 0\n");
    let store = folder.join("store");
    let import = ["import", whole.to_str().unwrap(), "--data", store.to_str().unwrap()];
    assert_eq!(good(&import), "new 2501, there before 0, refused 0, unusable 0\n");
    good(&["verify", "--data", store.to_str().unwrap()]);
}

#[test]
fn a_host_is_asked_to_the_last_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = full_server(folder.path());
    ask_all(["--url", &server.url()], folder.path());
}

#[test]
fn a_store_is_asked_to_the_last_page() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let (_, _, data) = full_server(folder.path()).stop();
    ask_all(["--data", data.path().to_str().unwrap()], folder.path());
}

/// A host whose pages are empty and all lead to the same cursor, until the test ends.
fn host_of_one_cursor() -> String {
    const PAGE: &str =
        r#"{"events":[],"streams":[],"rejections":[],"next_cursor":"x","settled_until":"2026-01-01T00:00:00.000Z"}"#;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len()).unwrap();
        }
    });
    url
}

#[test]
fn a_host_whose_pages_lead_back_ends_every_walk() {
    let url = host_of_one_cursor();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("export");
    for command in [
        &["streams"][..],
        &["events", "--entity-id", "user_1"],
        &["events", "--entity-id", "user_1", "--limit", "0", "--json"],
        &["rejected", "--limit", "0"],
        &["export", "--to", folder.to_str().unwrap()],
    ] {
        let output = pik([]).args(command).args(["--url", &url]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("leads back to itself, at the cursor `x`"), "{command:?}: {told}");
    }
}
