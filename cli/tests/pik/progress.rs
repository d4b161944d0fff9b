//! Commands that walk show how far they have come.

use std::fs;
use std::path::{Path, PathBuf};

use pik_test_support::{shown_on_a_terminal, told_on_a_terminal};

use crate::said::run;
use crate::server::{Server, pik};

/// More than a page of any answer.
const EVENTS: u32 = 2_600;

/// What a terminal of 80 columns is sent, line by line, without the sequences that steer it.
fn lines(shown: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut chars = shown.chars();
    while let Some(char) = chars.next() {
        if char != '\u{1b}' {
            plain.push(char);
        } else if chars.next() == Some('[') {
            chars.find(char::is_ascii_alphabetic);
        }
    }
    plain.split(['\r', '\n']).map(str::to_owned).filter(|line| !line.trim().is_empty()).collect()
}

fn is_bar(line: &str) -> bool {
    line.contains("/s ")
}

/// Runs a command whose standard error is a terminal. It must show a bar that fits, and remove it.
fn walk(arguments: &[&str], unit: &str) {
    let shown = told_on_a_terminal(pik([]).env("TERM", "xterm").args(arguments)).unwrap();
    let lines = lines(&shown);
    assert!(lines.iter().any(|line| is_bar(line) && line.contains(unit)), "{arguments:?}: {shown:?}");
    for line in lines.iter().filter(|line| is_bar(line)) {
        // What stands below the bar is sent behind it, which is filled up with spaces.
        let first: String = line.chars().take(80).collect();
        assert!(first.trim_end().chars().count() < 80, "{arguments:?}: {line}");
    }
    // Behind the last line that is cleared, there is no bar.
    let (_, rest) = shown.rsplit_once("\u{1b}[2K").unwrap_or_else(|| panic!("{arguments:?}: {shown:?}"));
    assert!(!rest.split(['\r', '\n']).any(is_bar), "{arguments:?}: {shown:?}");
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn events(folder: &Path) -> PathBuf {
    let file = folder.join("events.ndjson");
    let line = |number: u32| {
        format!(
            "{{\"source\":\"s\",\"event_type\":\"t\",\"entity_id\":\"u{number}\",\"event_time\":\"2026-01-01T00:00:00Z\",\
             \"payload\":{{\"n\":{number}}}}}\n"
        )
    };
    fs::write(&file, (0..EVENTS).map(line).collect::<String>()).unwrap();
    file
}

#[test]
fn every_command_that_walks_has_a_bar_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    let file = events(folder.path());
    let file = text(&file);
    let table = at("rows.csv");
    fs::write(&table, format!("u,at\n{}", "a,2026-01-01T00:00:00Z\n".repeat(100_000))).unwrap();
    let members = ["--source=s", "--event-type=t", "--entity-id=@u", "--event-time=@at"];
    walk(&[&["convert", &table][..], &members[..]].concat(), "%");
    walk(&["check", file], "%");
    walk(&["id", file], "%");

    let server = Server::start_with(|command| command.arg("--keep-rejected-bodies"));
    let url = server.url();
    walk(&["send", "--url", &url, file], "%");
    walk(&["compare", "--url", &url, file], "%");
    walk(&["events", "--url", &url, "--source=s", "--limit=0"], "records");
    walk(&["replay", "--url", &url, "--source=s", "--to", &at("replayed"), "--journal", &at("journal")], "%");
    walk(&["replay", "--url", &url, "--source=s", "--dry-run", "--to", &at("replayed")], "records found");
    walk(&["rejected", "--url", &url, "--export", &at("rejected")], "records");
    walk(&["rejected", "--url", &url, "--resend"], "records");
    walk(&["rejected", "--url", &url, "--json"], "records");
    let data = server.stop().2;
    let data = text(data.path());

    let (copy, lake) = (at("copy"), at("lake"));
    walk(&["export", "--data", data, "--to", &copy], "events");
    walk(&["import", "--data", &at("imported"), &copy], "events");
    walk(&["compare", "--left", data, "--right", &at("imported")], "events");
    walk(&["export", "--data", data, "--to", &lake, "--format=ndjson"], "events");
    walk(&["verify", "--data", data, "--lake", &lake], "%");
    walk(&["verify", "--data", data], "records and objects");
    walk(&["backup", "--data", data, &at("backup")], "records and objects");
    walk(&["restore", "--data", &at("restored"), &at("backup")], "records and objects");
}

#[test]
fn the_bar_goes_when_a_command_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = events(folder.path());
    // A closed port, a file that ends within a character, and a copy over one that is there.
    walk(&["send", "--url", "http://127.0.0.1:1", "--retries=0", text(&file)], "%");
    let copy = folder.path().join("copy");
    fs::write(&copy, "").unwrap();
    walk(&["restore", "--data", text(&folder.path().join("data")), text(&copy)], "records and objects");
}

#[test]
fn a_short_walk_tells_nothing_where_there_is_no_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = events(folder.path());
    let said = run(&["check", text(&file)]);
    assert_eq!((said.code, said.err.as_str()), (0, "2600 valid, 0 rejected\n"));
}

#[test]
fn rows_of_a_listing_have_a_terminal_for_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let file = events(folder.path());
    let shown = shown_on_a_terminal(pik(["id"]).arg(&file)).unwrap();
    assert_eq!(lines(&shown).len(), EVENTS as usize);
    assert!(lines(&shown).iter().all(|line| line.len() == 64), "{shown}");
}
