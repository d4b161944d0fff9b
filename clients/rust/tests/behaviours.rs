//! The language-neutral table of client behaviours, against a server that plays each script.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use pik_client::pik_core::{Event, RawKey, split_array, split_lines};
use pik_client::{Backoff, Client, Envelope, Error, Settlement, Timer, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    name: String,
    #[serde(rename = "comment")]
    _comment: String,
    events: usize,
    #[serde(default)]
    spread: Vec<usize>,
    #[serde(default)]
    client: Settings,
    answers: Vec<Answer>,
    expect: Expect,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    max_events: Option<usize>,
    retries: Option<u32>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    close: bool,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    results: Option<Vec<String>>,
    #[serde(default)]
    dry_run: bool,
    event_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    requests: Vec<Vec<usize>>,
    path: Option<String>,
    verdicts: Vec<String>,
    stopped: Option<String>,
    names: Option<String>,
    waits_ms: Option<Vec<(u128, u128)>>,
}

fn event(number: usize, spread: bool) -> String {
    let line_end = if spread { "\n" } else { "" };
    format!(
        "{{\"source\":\"demo\",{line_end}\"event_type\":\"t\",\"entity_id\":\"user_{number}\",\
         \"event_time\":\"2025-12-28T00:00:00Z\",\"payload\":{number}}}"
    )
}

/// Notes each wait and does not wait.
#[derive(Default)]
struct Clock {
    waits: Mutex<Vec<Duration>>,
}

impl Timer for Clock {
    fn now(&self) -> SystemTime {
        // Sun, 06 Nov 1994 08:49:37 GMT
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn sleep(&self, wait: Duration) {
        self.waits.lock().unwrap().push(wait);
    }

    fn random(&self) -> f64 {
        0.5
    }
}

struct Request {
    path: String,
    authorization: String,
    events: Vec<String>,
}

impl Request {
    fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split(' ').nth(1).unwrap().to_owned();
        assert!(line.starts_with("POST "), "{line}");
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        let pieces = match headers["content-type"].as_str() {
            "application/json" => split_array(&body, 10_000).unwrap(),
            "application/x-ndjson" => split_lines(&body, 10_000).unwrap(),
            other => panic!("{other}"),
        };
        let events = pieces.into_iter().map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect();
        Some(Self { path, authorization: headers["authorization"].clone(), events })
    }
}

fn result(status: &str, event: &str, answer: &Answer) -> Value {
    let event = Event::parse(event.as_bytes()).unwrap();
    let problem = |code: &str, path: &str| json!([{"code": code, "path": path, "message": "made up"}]);
    let mut result = match status {
        "REJECTED" => json!({"status": status, "errors": problem("empty", "/source")}),
        "ERROR" => json!({"status": status, "errors": problem("unavailable", "")}),
        status => {
            let id = answer.event_id.clone().unwrap_or_else(|| event.id().to_string());
            let key = RawKey::new(&event, "2025-12-29T00:00:00.000Z".parse().unwrap());
            json!({"event_id": id, "status": status, "ingest_lag_ms": 86_400_000, "s3_key": key.as_str()})
        }
    };
    if answer.dry_run {
        result["dry_run"] = true.into();
    }
    result
}

/// Plays the answers; the requests that came.
fn play(listener: &TcpListener, answers: &[Answer]) -> Vec<Request> {
    let mut requests = Vec::new();
    while requests.len() < answers.len() {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let Some(request) = Request::read(&mut reader) else { continue };
        let answer = &answers[requests.len()];
        if !answer.close {
            let body = match (&answer.body, &answer.results) {
                (Some(body), None) => body.clone(),
                (None, Some(statuses)) => {
                    let events = request.events.iter().cycle();
                    let results: Vec<Value> =
                        statuses.iter().zip(events).map(|(status, event)| result(status, event, answer)).collect();
                    json!({"results": results}).to_string()
                }
                (Some(_), Some(_)) | (None, None) => panic!("a body or results"),
            };
            let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
            for (name, value) in &answer.headers {
                head += &format!("{name}: {value}\r\n");
            }
            let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            (&stream).write_all(text.as_bytes()).unwrap();
        }
        requests.push(request);
    }
    requests
}

fn word(error: &Error) -> &'static str {
    match error {
        Error::Configuration(_) => "configuration",
        Error::NoAnswer { .. } => "no_answer",
        Error::Unavailable { .. } => "unavailable",
        Error::Refused { .. } => "refused",
        Error::Redirected { .. } => "redirected",
        Error::ProxyLimit => "proxy_limit",
        Error::NotAHost { .. } => "not_a_host",
        Error::NothingStored => "nothing_stored",
        Error::NotADryRun => "not_a_dry_run",
        Error::OtherId { .. } => "other_id",
        Error::Stopped => "stopped",
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Stored(stored) => stored.status.as_str(),
        Verdict::Rejected(_) => "REJECTED",
        Verdict::Failed(_) => "FAILED",
        Verdict::Open => "OPEN",
    }
}

/// What is not as expected.
fn faults(behaviour: &Behaviour) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let clock = Arc::new(Clock::default());
    let mut builder = Client::builder(&url)
        .token("secret")
        .timer(clock.clone())
        .timeout(Duration::from_secs(20))
        .dry_run(behaviour.client.dry_run);
    builder = behaviour.client.max_events.map_or(builder.clone(), |most| builder.max_events(most));
    if let Some(retries) = behaviour.client.retries {
        builder = builder.backoff(Backoff { retries, ..Backoff::default() });
    }
    let client = builder.build().unwrap();
    let events: Vec<String> =
        (0..behaviour.events).map(|number| event(number, behaviour.spread.contains(&number))).collect();
    let envelopes: Vec<Envelope> = events.iter().map(|event| Envelope::new(event.as_bytes()).unwrap()).collect();
    let (Settlement { verdicts, stopped }, requests) = thread::scope(|scope| {
        // When the script is over the listener is closed, and one request more would fail to connect.
        let server = scope.spawn(move || play(&listener, &behaviour.answers));
        (client.ingest_batch(&envelopes), server.join().unwrap())
    });

    let mut faults = Vec::new();
    let mut compare = |what: &str, found: &dyn std::fmt::Debug, expected: &dyn std::fmt::Debug| {
        let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
        if found != expected {
            faults.push(format!("{}: {what} is {found}, expected {expected}", behaviour.name));
        }
    };
    let expect = &behaviour.expect;
    let numbers: Vec<Vec<usize>> = requests
        .iter()
        .map(|request| {
            let number = |event: &String| events.iter().position(|given| given == event).expect("byte for byte");
            request.events.iter().map(number).collect()
        })
        .collect();
    compare("requests", &numbers, &expect.requests);
    compare("verdicts", &verdicts.iter().map(verdict).collect::<Vec<_>>(), &expect.verdicts);
    compare("stopped", &stopped.as_ref().map(word), &expect.stopped);
    let path = expect.path.as_deref().unwrap_or("/ingest/batch");
    for request in &requests {
        compare("path", &request.path, &path);
        compare("authorization", &request.authorization, &"Bearer secret");
    }
    let message = stopped.map_or_else(String::new, |error| error.to_string());
    if let Some(text) = &expect.names {
        compare("the text in the message", &message.contains(text), &true);
    }
    if let Some(expected) = &expect.waits_ms {
        let waits = clock.waits.lock().unwrap();
        let within = waits.len() == expected.len()
            && waits.iter().zip(expected).all(|(wait, (least, most))| (*least..=*most).contains(&wait.as_millis()));
        if !within {
            faults.push(format!("{}: waits are {waits:?}, expected {expected:?} ms", behaviour.name));
        }
    }
    faults
}

#[test]
fn every_behaviour_is_as_expected() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/http/client-behaviours.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let behaviours: Vec<Behaviour> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(behaviours.len() > 40, "{}", behaviours.len());
    let faults: Vec<String> = behaviours.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
