//! A host or a store: what is meant when flags and variables name both.

use std::process::Command;

use crate::events::EXAMPLE;
use crate::server::{Server, pik};

fn asked(adjust: impl FnOnce(&mut Command) -> &mut Command) -> (bool, String) {
    let output = adjust(&mut pik(["events", "--entity-id", "user_123", "--json"])).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn a_flag_beats_a_variable_and_two_of_a_kind_are_named() {
    let server = Server::start();
    assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
    let (_, _, data) = server.stop();
    let data = data.path();
    let url = "http://127.0.0.1:9";
    let found = |answer: (bool, String)| {
        assert!(answer.0 && answer.1.contains("user_123"), "{}", answer.1);
    };
    found(asked(|command| command.env("PIK_URL", url).arg("--data").arg(data)));
    found(asked(|command| command.env("PIK_URL", url).arg("--store=sqlite").env("PIK_DATA", data)));
    found(asked(|command| command.env("PIK_DATA", data)));

    let server = Server::start();
    assert_eq!(server.connect().ingest(EXAMPLE).status, 200);
    found(asked(|command| command.env("PIK_DATA", "/nowhere").args(["--url", &server.url()])));
    found(asked(|command| command.env("PIK_STORE", "sqlite").args(["--url", &server.url()])));
    found(asked(|command| command.env("PIK_URL", server.url())));

    let refused = |answer: (bool, String), named: [&str; 2]| {
        assert!(!answer.0 && named.iter().all(|name| answer.1.contains(name)), "{}", answer.1);
    };
    let both = asked(|command| command.args(["--url", url, "--data"]).arg(data));
    refused(both, ["--url", "--data"]);
    let both = asked(|command| command.env("PIK_URL", url).env("PIK_DATA", data));
    refused(both, ["PIK_URL", "PIK_DATA"]);
    let both = asked(|command| command.env("PIK_URL", url).env("PIK_STORE", "sqlite"));
    refused(both, ["PIK_URL", "PIK_STORE"]);
}
