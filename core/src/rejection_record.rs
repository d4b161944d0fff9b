//! What is kept of an event that was refused.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{BodyHash, Code, IngestTime, Legible, Position, Problem, RejectionKey};

/// The most problems that a record has, the first ones.
pub const MAX_KEPT_ERRORS: usize = 10;

/// The most bytes of a path in a record. A longer one is cut to its longest whole ancestor that fits.
pub const MAX_KEPT_PATH_BYTES: usize = 128;

/// The most bytes of a refused body that are kept.
pub const MAX_KEPT_BODY_BYTES: usize = 8 * 1024;

/// What a record takes beside its texts, roughly.
const BYTES_BESIDE: usize = 256;

/// One thing that was wrong, and where. The message is left out: it follows from the rest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeptError {
    /// What was wrong.
    pub code: Code,
    /// A JSON Pointer to the place.
    pub path: String,
}

impl KeptError {
    /// Of what a rejection lists, as much as is kept.
    pub fn of(problems: &[Problem]) -> Vec<Self> {
        let kept = |problem: &Problem| Self { code: problem.code, path: shortened(&problem.path).to_owned() };
        problems.iter().take(MAX_KEPT_ERRORS).map(kept).collect()
    }
}

fn shortened(path: &str) -> &str {
    if path.len() <= MAX_KEPT_PATH_BYTES {
        return path;
    }
    let within = &path[..path.floor_char_boundary(MAX_KEPT_PATH_BYTES + 1)];
    &path[..within.rfind('/').unwrap_or(0)]
}

/// A refused event or body. Those of equal bytes and codes have one record, whose details are the first one's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionRecord {
    /// When the first of them was refused.
    pub first_time: IngestTime,
    /// When the last of them was refused.
    pub last_time: IngestTime,
    /// How many there were.
    pub count: u64,
    /// The `x-request-id` of the first one's request.
    pub request_id: String,
    /// Its place in a batch, from 0; none for a body that was refused as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// What was wrong, at most [`MAX_KEPT_ERRORS`].
    pub errors: Vec<KeptError>,
    /// How many bytes there were.
    pub length: u64,
    /// SHA-256 of these bytes.
    pub sha256: BodyHash,
    /// What of it is valid by itself.
    #[serde(flatten)]
    pub legible: Legible,
    /// The name of the token that let the request in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The client's `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The first bytes, where they are kept.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub body: Option<KeptBody>,
}

impl RejectionRecord {
    /// What makes two refused bodies one: their bytes and their codes.
    pub fn key(&self) -> RejectionKey {
        let mut hasher = Sha256::new();
        hasher.update(self.sha256.as_bytes());
        for error in &self.errors {
            hasher.update(error.code.as_str());
            hasher.update(b",");
        }
        RejectionKey::from_bytes(hasher.finalize().into())
    }

    /// Takes in a later one with the same key.
    pub fn merge(&mut self, later: Self) {
        self.count += later.count;
        self.last_time = self.last_time.max(later.last_time);
        // Bodies may be kept from now on alone.
        self.body = self.body.take().or(later.body);
    }

    /// How much it takes of what a store may keep.
    pub fn size(&self) -> usize {
        let Legible { source, event_type, entity_id, event_time: _ } = &self.legible;
        let texts = [source, event_type, entity_id, &self.token, &self.user_agent];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let errors: usize = self.errors.iter().map(|error| error.code.as_str().len() + error.path.len() + 8).sum();
        BYTES_BESIDE + texts + errors + self.request_id.len() + self.body.as_ref().map_or(0, KeptBody::len)
    }

    /// The whole body, if it was kept.
    pub fn whole_body(&self) -> Option<Vec<u8>> {
        self.body.as_ref().map(KeptBody::to_bytes).filter(|bytes| bytes.len() as u64 == self.length)
    }

    /// Its place among others.
    pub fn place(&self) -> RejectionPlace {
        RejectionPlace { first_time: self.first_time, key: self.key() }
    }
}

/// The first bytes of a refused body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeptBody {
    /// They are text.
    #[serde(rename = "body")]
    Text(String),
    /// They are not UTF-8; in hexadecimal digits.
    #[serde(rename = "body_hex")]
    Hex(String),
}

impl KeptBody {
    /// The first [`MAX_KEPT_BODY_BYTES`] of a body; a text is cut between two characters.
    pub fn of(body: &[u8]) -> Self {
        let kept = &body[..body.len().min(MAX_KEPT_BODY_BYTES)];
        match core::str::from_utf8(kept) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(error) if error.error_len().is_none() && kept.len() < body.len() => {
                Self::of(&kept[..error.valid_up_to()])
            }
            Err(_) => Self::Hex(kept.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }

    /// The bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Hex(digits) => {
                let pairs = digits.as_bytes().chunks_exact(2);
                let byte = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
                pairs.map_while(byte).collect()
            }
        }
    }

    /// How many bytes it takes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Hex(digits) => digits.len(),
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a record stands: the newest first, by when it was first refused. That never changes, so pages stay whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RejectionPlace {
    /// When the first one was refused.
    pub first_time: IngestTime,
    /// What decides within a millisecond.
    pub key: RejectionKey,
}

impl RejectionPlace {
    /// This place as a position.
    pub fn position(&self) -> Position {
        Position::new(format!("{} {}", self.first_time, self.key))
    }

    /// The place that a position tells of.
    pub fn read(position: &Position) -> Option<Self> {
        let (time, key) = position.as_str().split_once(' ')?;
        Some(Self { first_time: time.parse().ok()?, key: key.parse().ok()? })
    }
}

/// Which records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RejectionQuery {
    /// Refused at this time or later, the last of them.
    pub from: IngestTime,
    /// Refused before this time, the first of them.
    pub to: IngestTime,
    /// Of this source.
    pub source: Option<String>,
    /// With this code among others.
    pub code: Option<Code>,
}

impl RejectionQuery {
    /// Whether the record is asked for.
    pub fn asks_for(&self, record: &RejectionRecord) -> bool {
        self.from <= record.last_time
            && record.first_time < self.to
            && (self.source.is_none() || self.source == record.legible.source)
            && self.code.is_none_or(|code| record.errors.iter().any(|error| error.code == code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_cut_between_characters_and_comes_back_as_it_was() {
        for body in [&b""[..], b"{\"a\":1}", b"\xff\x00\x1b[2J", "é".as_bytes()] {
            assert_eq!(KeptBody::of(body).to_bytes(), body);
        }
        let text = "é".repeat(MAX_KEPT_BODY_BYTES);
        let shifted = format!("a{text}");
        assert_eq!(KeptBody::of(shifted.as_bytes()), KeptBody::Text(shifted[..MAX_KEPT_BODY_BYTES - 1].to_owned()));
        assert_eq!(KeptBody::of(text.as_bytes()).len(), MAX_KEPT_BODY_BYTES);
        let bytes = vec![0xff; MAX_KEPT_BODY_BYTES + 1];
        assert_eq!(KeptBody::of(&bytes).to_bytes(), bytes[1..]);
    }

    fn record(body: &[u8]) -> RejectionRecord {
        let time = "2025-12-29T20:15:35.580Z".parse().unwrap();
        let some = |text: &str| Some(text.to_owned());
        RejectionRecord {
            first_time: time,
            last_time: time,
            count: 1,
            request_id: "req-7".to_owned(),
            index: None,
            errors: vec![KeptError { code: Code::Empty, path: "/entity_id".to_owned() }],
            length: body.len() as u64,
            sha256: BodyHash::from_bytes([7; 32]),
            legible: Legible { source: some("demo"), event_type: some("beat"), ..Legible::default() },
            token: some("ci"),
            user_agent: some("curl"),
            body: Some(KeptBody::of(body)),
        }
    }

    #[test]
    fn the_size_is_that_of_all_texts_and_a_little_more() {
        let texts = ["demo", "beat", "ci", "curl", "req-7", "empty", "/entity_id", "{}"];
        let beside = BYTES_BESIDE + 8;
        assert_eq!(record(b"{}").size(), beside + texts.into_iter().map(str::len).sum::<usize>());
        assert_eq!(RejectionRecord { errors: Vec::new(), body: None, ..record(b"{}") }.size(), BYTES_BESIDE + 19);
    }

    #[test]
    fn a_body_that_was_cut_is_not_the_whole_one() {
        let longest = [b'a'; MAX_KEPT_BODY_BYTES];
        for whole in [&b""[..], b"{}", b"\xff", &longest] {
            assert_eq!(record(whole).whole_body().as_deref(), Some(whole));
        }
        assert_eq!(record(&[&longest[..], b"a"].concat()).whole_body(), None);
        assert_eq!(longest.len(), 8_192);
        assert_eq!(RejectionRecord { body: None, ..record(b"") }.whole_body(), None);
    }

    #[test]
    fn a_long_path_is_cut_to_an_ancestor() {
        let path = format!("/payload/{}", "é/".repeat(100));
        let cut = shortened(&path);
        assert!(cut.len() <= MAX_KEPT_PATH_BYTES && path.starts_with(cut) && path[cut.len()..].starts_with('/'));
        assert_eq!(shortened(&format!("/{}", "x".repeat(500))), "");
        let fits = format!("/{}", "x".repeat(MAX_KEPT_PATH_BYTES - 1));
        assert_eq!(shortened(&fits), fits);
    }

    #[test]
    fn a_place_is_read_back_and_anything_else_is_not() {
        let place = RejectionPlace {
            first_time: "2025-12-29T00:00:00.000Z".parse().unwrap(),
            key: RejectionKey::from_bytes([7; 32]),
        };
        assert_eq!(RejectionPlace::read(&place.position()), Some(place));
        for broken in ["", " ", "2025-12-29T00:00:00.000Z", &place.position().as_str()[1..]] {
            assert_eq!(RejectionPlace::read(&Position::new(broken)), None, "{broken}");
        }
    }
}
