//! The language-neutral HTTP cases and the vectors, over a base URL. `PIK_TEST_URL` names a host other than our own.

use std::collections::HashMap;
use std::path::Path;

use pik_core::{Event, RawKey};
use pik_tests::vector::{self, Expected, ExpectedError};
use serde::Deserialize;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use crate::server::Server;

#[derive(Deserialize)]
struct Case {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    send: Send,
    expect: Expect,
}

#[derive(Deserialize)]
struct Send {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    body: Option<String>,
    body_hex: Option<String>,
    body_parts: Option<Vec<Part>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Repeated { repeat: String, times: usize },
}

#[derive(Deserialize)]
struct Expect {
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<Value>,
}

struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

/// Our own server, unless another host is named.
struct Host {
    url: String,
    _server: Option<Server>,
    agent: Agent,
}

impl Host {
    fn new() -> Self {
        let named = std::env::var("PIK_TEST_URL").ok();
        let server = named.is_none().then(|| Server::start_with(|command| command.env("LOG_LEVEL", "error")));
        let url = named.or_else(|| server.as_ref().map(Server::url)).unwrap();
        let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Self { url: url.trim_end_matches('/').to_owned(), _server: server, agent }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: response.body_mut().read_to_vec().unwrap(),
        }
    }
}

impl Send {
    fn bytes(&self, unique: &str) -> Option<Vec<u8>> {
        let text = |text: &str| text.replace("{unique}", unique).into_bytes();
        match self {
            Self { body: Some(body), .. } => Some(text(body)),
            Self { body_hex: Some(hex), .. } => {
                let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                Some((0..hex.len()).step_by(2).map(byte).collect())
            }
            Self { body_parts: Some(parts), .. } => {
                let part = |part: &Part| match part {
                    Part::Text(part) => text(part),
                    Part::Repeated { repeat, times } => text(&repeat.repeat(*times)),
                };
                Some(parts.iter().flat_map(part).collect())
            }
            Self { .. } => None,
        }
    }
}

/// Compares what came with what is expected.
struct Comparison<'a> {
    /// The request's body.
    sent: &'a [u8],
    /// The keys that events had in earlier steps.
    keys: &'a mut HashMap<String, String>,
}

impl Comparison<'_> {
    fn event_id(&self, line: &str) -> String {
        let lines: Vec<&[u8]> = self.sent.split(|byte| *byte == b'\n').collect();
        // A single event may span lines.
        let whole = Event::parse(self.sent);
        let event = whole.or_else(|_| Event::parse(lines[line.parse::<usize>().unwrap()])).unwrap();
        event.id().to_string()
    }

    fn fits(&mut self, expected: &Value, found: &Value) -> bool {
        match (expected, found) {
            (Value::String(text), found) if text.starts_with('<') => self.stands_for(text, found),
            (Value::Object(expected), Value::Object(found)) => {
                expected.len() == found.len()
                    && expected.iter().all(|(name, value)| found.get(name).is_some_and(|found| self.fits(value, found)))
            }
            (Value::Array(expected), Value::Array(found)) => {
                expected.len() == found.len() && expected.iter().zip(found).all(|(left, right)| self.fits(left, right))
            }
            (expected, found) => expected == found,
        }
    }

    fn stands_for(&mut self, text: &str, found: &Value) -> bool {
        let inside = text.trim_matches(['<', '>']);
        match inside.split_once(':').unwrap_or((inside, "")) {
            ("any", _) => found.as_str().is_some_and(|found| !found.is_empty()),
            ("integer", _) => found.is_i64(),
            ("negative", _) => found.as_i64().is_some_and(|found| found < 0),
            ("event_id", line) => found.as_str() == Some(&self.event_id(line)),
            ("s3_key", line) => {
                let Some(Ok(key)) = found.as_str().map(str::parse::<RawKey>) else { return false };
                let id = self.event_id(line);
                let first = self.keys.entry(id.clone()).or_insert_with(|| key.as_str().to_owned());
                first == key.as_str() && key.partition().event_id.to_string() == id
            }
            _ => panic!("{text} stands for nothing"),
        }
    }
}

#[test]
fn every_case_is_answered_as_expected() {
    let host = Host::new();
    let unique = format!("{:016x}", fastrand::u64(..));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/http/cases.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let mut failed = Vec::new();
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let mut keys = HashMap::new();
        for (number, Step { send, expect }) in case.steps.iter().enumerate() {
            let headers: Vec<(String, String)> =
                send.headers.iter().map(|(name, value)| (name.clone(), value.replace("{unique}", &unique))).collect();
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let body = send.bytes(&unique);
            let answer = host.send(&send.method, &send.path, &headers, body.as_deref());
            let mut comparison = Comparison { sent: body.as_deref().unwrap_or_default(), keys: &mut keys };
            let headers_fit = expect.headers.iter().all(|(name, value)| {
                let value = Value::String(value.replace("{unique}", &unique));
                answer.headers.get(name).is_some_and(|found| comparison.fits(&value, &Value::String(found.clone())))
            });
            let found: Value = serde_json::from_slice(&answer.body).unwrap();
            let body_fits = expect.body.as_ref().is_none_or(|expected| comparison.fits(expected, &found));
            if answer.status != expect.status || !headers_fit || !body_fits {
                let Answer { status, headers, body } = answer;
                let body = String::from_utf8_lossy(&body).into_owned();
                failed.push(format!("{} step {number}: {status} {headers:?} {body}", case.name));
            }
        }
    }
    assert!(text.lines().count() >= 20);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_vector_is_answered_as_expected() {
    let host = Host::new();
    let vectors = vector::all();
    let mut failed = Vec::new();
    for vector in &vectors {
        let body = vector.body();
        let answer =
            host.send("POST", "/ingest?dry_run=true", &[("content-type", "application/json")], Some(body.as_ref()));
        let found: Value = serde_json::from_slice(&answer.body).unwrap();
        let fits = match &vector.expected {
            Expected::Accept { event_id, .. } => answer.status == 200 && found["event_id"] == event_id.as_str(),
            Expected::Reject { errors } => {
                let found: Vec<ExpectedError> = serde_json::from_value(found["errors"].clone()).unwrap_or_default();
                let too_large = errors.first().is_some_and(|error| error.code == "too_large");
                found == *errors && answer.status == if too_large { 413 } else { 400 }
            }
        };
        if !fits {
            failed.push(format!("{}: {} {found}", vector.name, answer.status));
        }
    }
    assert!(vectors.len() > 1_000);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
