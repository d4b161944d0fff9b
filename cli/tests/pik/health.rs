//! `pik health`.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::server::{Server, pik};

/// Whether all is well, and what was said.
fn health<const N: usize>(arguments: [&str; N], listen: Option<&str>) -> (bool, String) {
    let mut command = pik(["health"]);
    command.args(arguments).envs(listen.map(|address| ("PIK_LISTEN", address)));
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

/// A server that takes one request and gives this for an answer, if it gives one.
fn answers_once(answer: Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
            // Until the other side has had enough.
            None => drop(stream.read(&mut head)),
        }
    });
    address
}

#[test]
fn a_server_is_well_where_it_listens_and_by_its_url() {
    // Tokens are for events, and a proxy cannot know this machine's own address.
    let server = Server::start_with(|command| command.env("PIK_TOKENS", "secret").env("PIK_LISTEN", "0.0.0.0:0"));
    let listen = format!("0.0.0.0:{}", server.address.port());
    assert_eq!(health([], Some(&listen)), (true, String::new()));
    assert_eq!(health(["--process"], Some(&listen)), (true, String::new()));
    let url = format!("http://127.0.0.1:{}/", server.address.port());
    assert_eq!(health(["--url", &url], Some("127.0.0.1:1")), (true, String::new()));
    let mut proxied = pik(["health"]);
    proxied.env("PIK_LISTEN", &listen).env("http_proxy", "http://127.0.0.1:1").env("PIK_URL", "http://127.0.0.1:1");
    assert!(proxied.status().unwrap().success());
    server.stop();
    let (well, said) = health([], Some(&listen));
    assert!(!well && said.contains("no answer from http://127.0.0.1:"), "{said}");
}

#[test]
fn what_is_not_well_is_told_with_its_reason() {
    let http = |status: &str, body: &str| {
        Some(format!("HTTP/1.1 {status}\r\nlocation: /\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    let hostile = r#"{"status":"ERROR","code":"unavailable","message":"no \u001b[31mdisk"}"#;
    let cases = [
        (http("503 Service Unavailable", hostile), "/readyz answers 503: no "),
        (http("200 OK", "<!doctype"), "/readyz answers 200: this is no answer of pik"),
        (http("302 Found", ""), "/readyz answers 302"),
        (Some("SSH-2.0-OpenSSH_9.2\r\n".to_owned()), "no answer from http://127.0.0.1:"),
        (None, "no answer from http://127.0.0.1:"),
    ];
    for (answer, expected) in cases {
        let (well, said) = health(["--timeout", "0.5"], Some(&answers_once(answer.clone())));
        assert!(!well && said.contains(expected), "{answer:?}: {said}");
        assert!(!said.contains('\x1b') && said.lines().count() == 1, "{said}");
    }
}
