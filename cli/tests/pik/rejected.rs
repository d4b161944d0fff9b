//! Refused events leave evidence, and are sent again once they are repaired.

use std::fs;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::connection::{self, Response};
use crate::server::{Server, pik};

/// Without the offset of its time.
fn broken(number: usize) -> String {
    format!(
        r#"{{"source":"app","event_type":"heartbeat","entity_id":"user_{number}","event_time":"2025-12-28T00:00:00","payload":{{"n":{number}}}}}"#
    )
}

fn whole(number: usize) -> String {
    broken(number).replace("00:00:00", "00:00:00Z")
}

fn send(server: &Server, body: &[u8]) -> Response {
    let mut connection = server.connect();
    connection.write(connection::post("/ingest/batch", "application/x-ndjson", "", body));
    connection.read()
}

fn post(server: &Server, events: &[String]) -> Value {
    send(server, events.join("\n").as_bytes()).json()
}

fn rejected(server: &Server, arguments: &[&str]) -> Output {
    pik(["rejected", "--url", &server.url()]).env("PATH", "/usr/bin:/bin").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// All counts, and how many of them have no record.
fn counts(server: &Server) -> (u64, u64) {
    let answer = server.connect().get("/rejections/stats");
    let answer = answer.json();
    let hours = answer["hours"].as_array().unwrap();
    let sum = |name: &str| hours.iter().map(|hour| hour[name].as_u64().unwrap()).sum();
    (sum("count"), sum("unrecorded"))
}

fn records(server: &Server) -> Vec<Value> {
    let output = rejected(server, &["--json", "--limit", "0"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_refused_is_shown_and_a_repair_stores_it() {
    let server = Server::start_with(|command| command.arg("--keep-rejected-bodies"));
    let events: Vec<String> = (0..12).map(broken).collect();
    assert_eq!(post(&server, &events)["rejected"], 12);
    assert_eq!(post(&server, &events[..1])["rejected"], 1);

    let output = rejected(&server, &[]);
    let shown = text(&output.stdout);
    assert_eq!(shown.lines().count(), 13, "{shown}");
    assert!(
        shown.lines().skip(1).all(|line| line.contains("missing_offset") && line.contains("/event_time")),
        "{shown}"
    );
    assert_eq!(text(&output.stderr), "refused in these hours: 13\n");

    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let output = rejected(&server, &["--export", target.to_str().unwrap()]);
    assert_eq!(text(&output.stdout), "whole 12, cut 0, not kept 0\n");
    let first = &records(&server)[0];
    let body = fs::read_to_string(target.join(format!("{}.txt", first["sha256"].as_str().unwrap()))).unwrap();
    assert_eq!(Some(&*body), first["body"].as_str());
    assert_eq!(fs::read_to_string(target.join("rejections.ndjson")).unwrap().lines().count(), 12);

    let output = rejected(&server, &["--resend"]);
    assert_eq!(text(&output.stdout), "accepted 0, duplicate 0, rejected 12, failed 0\n");
    assert!(!output.status.success());
    let output = rejected(&server, &["--resend", "--fix", "false"]);
    assert!(!output.status.success() && text(&output.stderr).contains("--fix"), "{}", text(&output.stderr));
    let fix = r#"sed -E 's/("event_time":"[^"]+)"/\1Z"/'"#;
    for (stored, again) in [(12, 0), (0, 12)] {
        let output = rejected(&server, &["--code", "missing_offset", "--resend", "--fix", fix]);
        let expected = format!("accepted {stored}, duplicate {again}, rejected 0, failed 0\n");
        assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
        assert!(output.status.success());
    }
    let output = rejected(&server, &["--code", "none"]);
    assert!(text(&output.stderr).contains("missing_offset"), "{}", text(&output.stderr));
}

#[test]
fn bodies_are_not_kept_unless_that_is_asked_for_and_never_longer_than_a_bound() {
    let server = Server::start();
    post(&server, &[broken(0)]);
    assert!(records(&server)[0].get("body").is_none());
    let output = rejected(&server, &["--resend"]);
    assert!(!output.status.success() && text(&output.stderr).contains("--keep-rejected-bodies"));
    let (_, _, data) = server.stop();

    let server = Server::start_on(data, |command| command.arg("--keep-rejected-bodies"));
    let long = broken(1).replace("{\"n\":1}", &format!("\"{}\"", "é".repeat(10_000)));
    post(&server, &[long.clone(), broken(0)]);
    let found = records(&server);
    assert_eq!(found.len(), 2, "{found:?}");
    let of = |entity: &str| found.iter().find(|record| record["entity_id"] == entity).unwrap();
    // The one that is known has its body from now on.
    assert_eq!((of("user_0")["count"].as_u64(), of("user_0")["body"].as_str()), (Some(2), Some(&*broken(0))));
    let body = of("user_1")["body"].as_str().unwrap();
    assert!(body.len() <= 8_192 && long.starts_with(body), "{}", body.len());
    assert_eq!(of("user_1")["length"], long.len());
}

#[test]
fn hostile_bodies_do_no_harm() {
    let server = Server::start_with(|command| command.arg("--keep-rejected-bodies"));
    let post = |body: &[u8]| send(&server, body).status;
    let escape = "{\"source\":\"\x1b]0;owned\x07\",\"<script>\":1,\"a\u{0}\r\":\u{202e}}";
    assert_eq!(post(escape.as_bytes()), 200);
    assert_eq!(post(b"{\"source\":\"\xff\xfe\"}"), 200);
    // A line as long as a batch may be, and one over it.
    assert_eq!(post(&vec![b'{'; 16 * 1024 * 1024]), 200);
    assert_eq!(post(&vec![b'{'; 16 * 1024 * 1024 + 1]), 413);
    let named = format!("{{\"{}\\u001b[2J\":1,\"source\":\"a\\u001b[2Jb\",\"event_type\":\"t\"}}", "x".repeat(5_000));
    assert_eq!(post(named.as_bytes()), 200);
    for arguments in [&["--json"][..], &[]] {
        let output = rejected(&server, arguments);
        assert!(output.status.success());
        let shown = text(&output.stdout) + &text(&output.stderr);
        let control = |character: char| character.is_control() && character != '\n';
        assert!(!shown.contains(control) && !shown.contains('\u{202e}'), "{shown:?}");
    }
    assert_eq!((records(&server).len(), counts(&server)), (3, (5, 2)));
    assert_eq!(server.connect().get("/readyz").status, 200);
}

#[test]
fn a_flood_of_refused_lines_is_counted_to_the_last_and_disturbs_no_ingest() {
    const LINES: usize = 100_000;
    const EVENTS: usize = 2_000;
    let server = Server::start_with(|command| command.args(["--rejected-records", "5000"]));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for batch in 0..LINES / 10_000 {
                let lines: Vec<String> = (0..10_000).map(|line| broken(batch * 10_000 + line)).collect();
                assert_eq!(post(&server, &lines)["rejected"], 10_000);
            }
        });
        scope.spawn(|| {
            for number in 0..EVENTS {
                let answer = server.connect().ingest(whole(number).as_bytes());
                assert_eq!(answer.status, 200, "{number}");
            }
        });
    });
    let (count, unrecorded) = counts(&server);
    assert_eq!(count, LINES as u64);
    let kept = records(&server);
    assert!(kept.len() <= 5_000 && (kept.len() as u64) <= count - unrecorded, "{} of {unrecorded}", kept.len());
    assert_eq!(kept.len(), 5_000, "{unrecorded} are unrecorded");
    // What is read back was written: a kill forgets none of it.
    server.kill();
    let (_, _, data) = server.end();
    let server = Server::start_on(data, |command| command.args(["--rejected-records", "5000"]));
    assert_eq!((counts(&server), records(&server).len()), ((count, unrecorded), 5_000));
    // What waits when it is told to stop is written.
    post(&server, &[broken(0)]);
    let (status, _, data) = server.stop();
    assert!(status.success());
    let output = pik(["rejected", "--limit", "1", "--data", data.path().to_str().unwrap()]).output().unwrap();
    assert!(text(&output.stderr).contains(&(count + 1).to_string()), "{}", text(&output.stderr));
    let verified = pik(["verify", "--data", data.path().to_str().unwrap()]).output().unwrap();
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}

#[test]
fn a_pipe_of_fix_that_reads_nothing_ends() {
    let server = Server::start_with(|command| command.arg("--keep-rejected-bodies"));
    post(&server, &[broken(0)]);
    let mut command =
        pik(["rejected", "--resend", "--fix", &format!("printf %s '{}'", whole(7)), "--url", &server.url()]);
    let mut child = command.env("PATH", "/usr/bin:/bin").stdout(Stdio::piped()).spawn().unwrap();
    let status = child.wait().unwrap();
    assert!(status.success());
}
