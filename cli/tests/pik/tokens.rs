//! Tokens in a file.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use pik_test_support::{PATIENCE, Signal, wait_until};

use crate::connection::post;
use crate::events::{EXAMPLE, event};
use crate::server::{Server, pik};
use crate::store::contents;

fn new(file: &Path, name: &str, scopes: &str) -> String {
    let output = pik(["token", "new", name, "--scope", scopes]).arg("--tokens-file").arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn ingest(server: &Server, token: &str) -> u16 {
    let mut connection = server.connect();
    connection.write(post("/ingest", "application/json", &format!("authorization: Bearer {token}\r\n"), EXAMPLE));
    connection.read().status
}

#[test]
fn are_made_let_in_and_taken_back_while_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let shop = new(&file, "shop-7", "ingest");
    let eyes = new(&file, "dashboard", "read,metrics");
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&shop) && !text.contains(&eyes), "the file holds hashes alone: {text}");
    let server = Server::start_with(|command| command.env("PIK_TOKENS_FILE", &file));
    assert_eq!([&shop, &eyes, "wrong"].map(|token| ingest(&server, token)), [200, 403, 401]);

    // A new one is let in, one whose line is gone is not.
    let other = new(&file, "other", "ingest");
    let is_let_in = |token: &str| Ok(ingest(&server, token) == 200);
    wait_until("the new token is let in", PATIENCE, || is_let_in(&other)).unwrap();
    let kept: String = fs::read_to_string(&file).unwrap().lines().skip(1).map(|line| format!("{line}\n")).collect();
    fs::write(&file, &kept).unwrap();
    server.signal(Signal::HUP);
    wait_until("the token is taken back", PATIENCE, || is_let_in(&shop).map(|let_in| !let_in)).unwrap();

    // A mistake in the file locks nobody out.
    fs::write(&file, "dashboard reed 00\n").unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(ingest(&server, &other), 200);
    fs::remove_file(&file).unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(ingest(&server, &other), 200);
    let (_, log, _) = server.stop();
    assert!(log.contains("\"token\":\"shop-7\"") && log.contains("line 1: a scope is `ingest`"), "{log}");
    assert!([&shop, &eyes, &other].iter().all(|token| !log.contains(*token)), "{log}");
}

#[test]
fn of_a_file_that_cannot_be_read_end_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let start = || {
        let mut command = pik(["serve", "--listen", "127.0.0.1:0", "--tokens-file"]);
        let output = command.arg(&file).arg("--data").arg(folder.path().join("data")).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start().contains("cannot read the tokens"));
    fs::write(&file, "# none\nshop ingest\n").unwrap();
    assert!(start().contains("line 2: write NAME"));
}

#[test]
fn have_one_name_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    // An editor may have left no line end.
    fs::write(&file, "# shops").unwrap();
    new(&file, "shop", "read,ingest,read");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# shops\nshop ingest,read ") && text.ends_with('\n'), "{text}");
    for (name, scope, told) in
        [("shop", "read", "has a token `shop`"), ("a b", "read", "letters"), ("x", "write", "`ingest`")]
    {
        let output = pik(["token", "new", name, "--scope", scope]).arg("--tokens-file").arg(&file).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty() && stderr.contains(told), "{stderr}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn with_limits_are_told_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let made = |name: &str, limits: &[&str]| {
        let mut command = pik(["token", "new", name, "--scope", "ingest"]);
        let output = command.args(limits).arg("--tokens-file").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let few = made("few", &["--events-per-second=1"]);
    let small = made("small", &["--bytes-per-second=1"]);
    let free = made("free", &[]);
    let all = new(&file, "all", "metrics");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(" events_per_second=1\n") && text.contains(" bytes_per_second=1\n"), "{text}");
    let lines_of =
        |numbers: Range<u64>| -> Vec<u8> { numbers.flat_map(|number| [event(number), vec![b'\n']].concat()).collect() };
    let largest = format!("--max-batch-bytes={}", lines_of(100..200).len());
    let server = Server::start_with(|command| {
        let command = command.env("PIK_TOKENS_FILE", &file).arg(&largest);
        command.args(["--max-batch-events=100", "--max-event-bytes=500"])
    });
    let send = |token: &str, from: u64, count: u64| {
        let body = lines_of(from..from + count);
        let mut connection = server.connect();
        let token = format!("authorization: Bearer {token}\r\n");
        connection.write(post("/ingest/batch", "application/x-ndjson", &token, &body));
        connection.read()
    };
    assert_eq!(send(&few, 0, 100).status, 200, "the largest batch fits");
    let refused = send(&few, 100, 100);
    assert_eq!((refused.status, refused.code()), (429, "overloaded".to_owned()));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=100).contains(&wait), "{wait}");
    assert_eq!(send(&small, 100, 100).status, 200);
    assert_eq!(send(&small, 100, 100).status, 429);
    assert_eq!((2..7).map(|hundred| send(&free, 100 * hundred, 100).status).collect::<Vec<_>>(), [200; 5]);
    assert_eq!(ingest(&server, &small), 429, "a single event, too");

    // The event that is too much now is sent once there is room.
    let lines = folder.path().join("late.ndjson");
    fs::write(&lines, event(1_000)).unwrap();
    let output = pik(["send"]).arg(&lines).env("PIK_URL", server.url()).env("PIK_TOKEN", &few).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut watcher = server.connect();
    watcher.write(format!("GET /metrics HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {all}\r\n\r\n"));
    let metrics = watcher.read().text();
    assert!(metrics.contains("\npik_token_events_total{status=\"ACCEPTED\",token=\"free\"} 500\n"), "{metrics}");
    let (_, log, data) = server.stop();
    assert!(log.contains("the limit of the token"), "{log}");
    assert_eq!(contents(data.path()).records.len(), 701);
}
