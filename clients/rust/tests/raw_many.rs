//! Raw objects of several events: of a host that gives some at a time, of one that gives them singly, and of none.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use pik_client::pik_core::EventId;
use pik_client::{Client, Error};
use serde_json::{Value, json};

/// Of one request: its method and path, and the ids in its body.
struct Asked {
    what: String,
    ids: Vec<String>,
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut what, mut length) = (String::new(), 0);
    reader.read_line(&mut what).ok().filter(|count| *count > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let ids = body["event_ids"].as_array().into_iter().flatten().map(|id| id.as_str().unwrap().to_owned()).collect();
    Some(Asked { what: what.trim_end_matches(" HTTP/1.1\r\n").to_owned(), ids })
}

/// A host that answers so, a connection for each request; its URL. It ends with the tests.
fn host(answer: impl Fn(Asked) -> (u16, Vec<u8>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(asked) = read(&stream) else { continue };
            let (status, body) = answer(asked);
            write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len())
                .unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    url
}

fn ids(count: usize) -> Vec<EventId> {
    (0..count).map(|number| format!("{number:064x}").parse().unwrap()).collect()
}

/// What the hosts here have of an event: nothing of each seventh.
fn raw_of(id: &str) -> Option<String> {
    (!u64::from_str_radix(&id[48..], 16).unwrap().is_multiple_of(7)).then(|| format!("{{\"of\":\n\"{id}\"}}"))
}

fn expected(ids: &[EventId]) -> Vec<Option<Vec<u8>>> {
    ids.iter().map(|id| raw_of(&id.to_string()).map(String::into_bytes)).collect()
}

fn singly(asked: &Asked) -> (u16, Vec<u8>) {
    let id = asked.what.strip_prefix("GET /events/").and_then(|path| path.strip_suffix("/raw")).unwrap();
    raw_of(id).map_or((404, b"{\"status\":\"ERROR\",\"errors\":[]}".to_vec()), |raw| (200, raw.into_bytes()))
}

#[test]
fn a_host_is_asked_until_it_has_given_all() {
    let url = host(|asked| {
        assert_eq!(asked.what, "POST /events/raw");
        assert!(asked.ids.len() <= 250);
        let some = asked.ids.iter().take(90).map(|id| json!({ "event_id": id, "raw": raw_of(id) }));
        (200, json!({ "results": some.collect::<Vec<_>>() }).to_string().into_bytes())
    });
    let ids = ids(1_003);
    assert_eq!(Client::new(&url).unwrap().raw_many(&ids).unwrap(), expected(&ids));
}

#[test]
fn an_older_host_is_asked_for_each() {
    let refused = r#"{"status":"ERROR","errors":[{"code":"method_not_allowed","path":"","message":"not that"}]}"#;
    let url = host(
        move |asked| {
            if asked.what.starts_with("POST") { (405, refused.as_bytes().to_vec()) } else { singly(&asked) }
        },
    );
    let ids = ids(30);
    assert_eq!(Client::new(&url).unwrap().raw_many(&ids).unwrap(), expected(&ids));
}

#[test]
fn bytes_that_are_no_text_are_fetched_as_they_are() {
    let url = host(|asked| {
        let Some(id) = asked.ids.first() else { return (200, b"\xff\x00".to_vec()) };
        let answer = json!({ "results": [{ "event_id": id, "raw": null, "not_text": true }] });
        (200, answer.to_string().into_bytes())
    });
    assert_eq!(Client::new(&url).unwrap().raw_many(&ids(1)).unwrap(), [Some(b"\xff\x00".to_vec())]);
}

#[test]
fn answers_about_other_events_are_none() {
    for results in [
        json!([]),
        json!([{ "event_id": format!("{:064x}", 5), "raw": "{}" }]),
        json!([{ "event_id": format!("{:064x}", 0), "raw": "{}" }, { "event_id": format!("{:064x}", 1), "raw": "{}" }]),
    ] {
        let url = host(move |_| (200, json!({ "results": results }).to_string().into_bytes()));
        let error = Client::new(&url).unwrap().raw_many(&ids(1)).unwrap_err();
        assert!(matches!(error, Error::NotAHost { status: 200, .. }), "{error}");
    }
}
