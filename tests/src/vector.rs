//! The language-neutral vectors in `vectors/`, whose README has the schema.

use std::fs;
use std::path::Path;

use pik_core::{Event, IngestTime, RawKey};
use serde::{Deserialize, Serialize};

/// The ingest time that lags and keys of all vectors are for.
pub const INGEST_TIME: &str = "2025-12-29T20:15:35.580Z";

/// Canonical payloads over this many characters are left out.
const LONG: usize = 4_096;

/// One case.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Vector {
    /// `group/what-it-shows`
    pub name: String,
    /// The reason, with the section of the contract.
    pub comment: String,
    /// The file's name.
    pub group: String,
    #[serde(flatten)]
    body: Body,
    /// What is expected.
    #[serde(flatten)]
    pub expected: Expected,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
enum Body {
    #[serde(rename = "body")]
    Text(String),
    #[serde(rename = "body_hex")]
    Hex(String),
    #[serde(rename = "body_parts")]
    Parts(Vec<Part>),
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Repeated { repeat: String, times: usize },
}

/// Everything that a vector states after its body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the README of the vectors says what each one means")]
pub enum Expected {
    /// The event keeps the contract.
    Accept {
        event_id: String,
        payload_hash: String,
        event_time: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        canonical_payload: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        canonical_payload_hex: Option<String>,
        ingest_lag_ms: i64,
        s3_key: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        s3_key_hex: Option<String>,
    },
    /// The event breaks the contract.
    Reject {
        /// All of what is wrong, in order.
        errors: Vec<ExpectedError>,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ExpectedError {
    /// The code.
    pub code: String,
    /// The pointer.
    pub path: String,
    /// Absent in the vectors, where messages are free; native Rust's in what is written for other targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl PartialEq for ExpectedError {
    /// Messages take part where both sides have one.
    fn eq(&self, other: &Self) -> bool {
        let messages_agree = match (&self.message, &other.message) {
            (Some(left), Some(right)) => left == right,
            (None, _) | (_, None) => true,
        };
        self.code == other.code && self.path == other.path && messages_agree
    }
}

impl Eq for ExpectedError {}

impl Vector {
    /// A case whose expectation is native Rust's answer.
    pub fn of_body(group: &str, name: &str, comment: String, body: &[u8]) -> Self {
        let expected = Expected::of_body(body);
        let body = match core::str::from_utf8(body) {
            Ok(text) if !text.starts_with('\u{feff}') => Body::Text(text.to_owned()),
            _ => Body::Hex(hex(body)),
        };
        Self { name: format!("{group}/{name}"), comment, group: group.to_owned(), body, expected }
    }

    /// The request body.
    pub fn body(&self) -> Vec<u8> {
        match &self.body {
            Body::Text(text) => text.clone().into_bytes(),
            Body::Hex(hex) => bytes(hex),
            Body::Parts(parts) => parts.iter().map(Part::text).collect::<String>().into_bytes(),
        }
    }
}

impl Part {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Repeated { repeat, times } => repeat.repeat(*times),
        }
    }
}

impl Expected {
    /// Native Rust's answer.
    pub fn of_body(body: &[u8]) -> Self {
        match Event::parse_with_payload(body) {
            Ok((event, payload)) => {
                let ingest_time: IngestTime = INGEST_TIME.parse().expect("a constant that is a time");
                let s3_key = RawKey::new(&event, ingest_time).into_string();
                let canonical_payload = (payload.chars().count() <= LONG).then_some(payload);
                Self::Accept {
                    event_id: event.id().to_string(),
                    payload_hash: event.payload_hash().to_string(),
                    event_time: event.event_time().to_string(),
                    canonical_payload_hex: canonical_payload.as_deref().and_then(hex_if_unseen),
                    canonical_payload,
                    ingest_lag_ms: ingest_time.lag_ms(event.event_time()),
                    s3_key_hex: hex_if_unseen(&s3_key),
                    s3_key,
                }
            }
            Err(rejection) => {
                let errors = rejection.into_problems().into_iter().map(|problem| ExpectedError {
                    code: problem.code.as_str().to_owned(),
                    path: problem.path,
                    message: Some(problem.message),
                });
                Self::Reject { errors: errors.collect() }
            }
        }
    }
}

/// All vectors, file by file.
pub fn all() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of the vectors")
        .map(|entry| entry.expect("a folder that can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| of_file(file)).collect()
}

fn of_file(file: &Path) -> Vec<Vector> {
    let text = fs::read_to_string(file).expect("a file of vectors");
    let vector = |(index, line)| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}:{}: {error}", file.display(), index + 1))
    };
    text.lines().enumerate().map(vector).collect()
}

fn hex_if_unseen(text: &str) -> Option<String> {
    let unseen = text.bytes().any(|byte| !(0x20..0x7f).contains(&byte));
    unseen.then(|| hex(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(pair).collect()
}
