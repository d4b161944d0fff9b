//! Starting, and refusing to start.

use std::net::TcpListener;
use std::process::Command;

use pik_test_support::Signal;

use crate::events::{EXAMPLE, EXAMPLE_ID, event};
use crate::server::{Server, pik};
use crate::store::contents;

/// What it says when it does not start.
fn refusal(adjust: impl FnOnce(&mut Command) -> &mut Command) -> String {
    let data = tempfile::tempdir().unwrap();
    let mut command = pik(["serve"]);
    let output = adjust(command.env("PIK_DATA", data.path()).env("PIK_LISTEN", "127.0.0.1:0")).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "nothing is listening");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_value_that_cannot_be_right_stops_the_start() {
    for value in ["yes", "TRUE", "1", ""] {
        let told = refusal(|command| command.env("DRY_RUN", value));
        assert!(told.contains("dry-run") && told.contains("true, false"), "DRY_RUN={value}: {told}");
    }
    let told = refusal(|command| command.env("LOG_LEVEL", "loud"));
    assert!(told.contains("log-level") && told.contains("debug"), "{told}");
    let told = refusal(|command| command.env("PIK_LISTEN", "here"));
    assert!(told.contains("--listen") && told.contains("127.0.0.1:8080"), "{told}");
    let told = refusal(|command| command.env("PIK_TOKENS", "good,"));
    assert!(told.contains("a token is empty"), "{told}");
    assert!(!told.contains("good"), "tokens are not told: {told}");
    let told = refusal(|command| command.env("PIK_CORS_ORIGINS", "app.example"));
    assert!(told.contains("is not an origin"), "{told}");
    let told = refusal(|command| command.env("PIK_MAX_EVENT_BYTES", "1048577"));
    assert!(told.contains("1048577"), "{told}");
    let told = refusal(|command| command.args(["--body-timeout", "5", "--request-timeout", "4"]));
    assert!(told.contains("shorter"), "{told}");
    for value in ["0", "-1", "soon", "1e9", "NaN"] {
        let told = refusal(|command| command.env("PIK_IDLE_TIMEOUT", value));
        assert!(told.contains("write seconds"), "{value}: {told}");
    }
    let told = refusal(|command| command.args(["--max-requests", "0"]));
    assert!(told.contains("from 1"), "{told}");
}

#[test]
fn a_fault_that_ends_the_server_is_a_line_of_json_like_all_others() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let damaged = tempfile::tempdir().unwrap();
    std::fs::write(damaged.path().join("pik.sqlite"), "this is no database\n".repeat(1_000)).unwrap();
    let for_a_folder = damaged.path().join("pik.sqlite");
    for (told, named) in [
        (refusal(|command| command.env("PIK_LISTEN", &address)), address.as_str()),
        (refusal(|command| command.env("PIK_DATA", damaged.path())), "pik.sqlite"),
        (refusal(|command| command.env("PIK_DATA", &for_a_folder)), "pik.sqlite"),
        (refusal(|command| command.env("PIK_LISTEN", "0.0.0.0:0")), "PIK_TOKENS"),
        // The log's level keeps none of them back.
        (refusal(|command| command.env("PIK_LISTEN", &address).env("LOG_LEVEL", "error")), address.as_str()),
    ] {
        let lines: Vec<serde_json::Value> = told
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}`")))
            .collect();
        let last = lines.last().expect("it tells why");
        assert_eq!((&last["level"], &last["message"]), (&"ERROR".into(), &"cannot serve".into()), "{last}");
        assert!(last["timestamp"].is_string(), "{last}");
        assert!(last["reason"].as_str().is_some_and(|reason| reason.contains(named)), "{named}: {last}");
    }
}

#[test]
fn beyond_this_machine_only_with_tokens() {
    let told = refusal(|command| command.env("PIK_LISTEN", "0.0.0.0:0"));
    assert!(told.contains("PIK_TOKENS") && told.contains("--allow-anonymous"), "{told}");
    let told = refusal(|command| command.env("PIK_LISTEN", "[::]:0"));
    assert!(told.contains("--allow-anonymous"), "{told}");

    let with_token =
        Server::start_with(|command| command.env("PIK_TOKENS", "secret").args(["--listen=0.0.0.0:0"]).arg("--dry-run"));
    assert!(with_token.address.ip().is_unspecified());
    let anonymous = Server::start_with(|command| command.args(["--listen=0.0.0.0:0", "--allow-anonymous"]));
    assert!(anonymous.address.ip().is_unspecified());
}

#[test]
fn a_second_server_on_the_same_data_does_not_start() {
    let server = Server::start();
    let first = server.connect().ingest(EXAMPLE);
    assert_eq!(first.json()["event_id"], EXAMPLE_ID);
    let (_, _, data) = server.stop();
    let path = data.path().to_owned();
    let _running = Server::start_on(data, |command| command);
    let told = refusal(|command| command.env("PIK_DATA", path));
    assert!(told.contains("pik.sqlite"), "{told}");
}

#[test]
fn data_outlive_the_server() {
    let server = Server::start();
    assert_eq!(server.connect().ingest(EXAMPLE).json()["status"], "ACCEPTED");
    let (status, _, data) = server.stop();
    assert!(status.success());

    let server = Server::start_on(data, |command| command);
    let mut connection = server.connect();
    assert_eq!(connection.ingest(EXAMPLE).json()["status"], "DUPLICATE");
    assert_eq!(connection.ingest(&event(1)).json()["status"], "ACCEPTED");
    server.signal(Signal::INT);
    let (status, _, data) = server.end();
    assert!(status.success());
    let contents = contents(data.path());
    assert_eq!(contents.records.len(), 3);
    assert_eq!(contents.raw[&EXAMPLE_ID.parse().unwrap()], EXAMPLE);
}

#[test]
fn dry_run_by_environment_or_parameter_writes_nothing() {
    let server = Server::start_with(|command| command.env("DRY_RUN", "true"));
    let answer = server.connect().ingest(EXAMPLE).json();
    assert_eq!((&answer["status"], &answer["dry_run"]), (&"ACCEPTED".into(), &true.into()));
    assert_eq!(server.connect().ingest(EXAMPLE).json()["status"], "ACCEPTED", "nothing was written");
    let (_, log, data) = server.stop();
    assert_eq!(log.matches("\"dry_run\":true").count(), 2, "{log}");
    assert_eq!(contents(data.path()).records.len(), 0);

    let server = Server::start_on(data, |command| command.env("DRY_RUN", "false"));
    let mut connection = server.connect();
    connection.write(crate::connection::post("/ingest?dry_run=true", "application/json", "", EXAMPLE));
    assert_eq!(connection.read().json()["dry_run"], true);
    let answer = connection.ingest(EXAMPLE).json();
    assert_eq!((&answer["status"], answer.get("dry_run")), (&"ACCEPTED".into(), None));
    let (_, _, data) = server.stop();
    assert_eq!(contents(data.path()).records.len(), 1);
}
