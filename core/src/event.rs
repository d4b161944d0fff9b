//! A validated body.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::canonical::{Fault, FaultKind, MAX_DEPTH, PayloadError, Sink, write_payload};
use crate::id::id_preimage;
use crate::partition_value::{MAX_PARTITION_BYTES, escaped_len};
use crate::rejection::{MAX_PROBLEMS, pointer};
use crate::scan::{AFTER_MEMBER, Escapes, Scan, StringEnd, error, name, skip_space, skip_value, string, unescape_into};
use crate::time_advice::advice;
use crate::{Code, EventId, EventTime, Legible, PayloadHash, Problem, Rejection};

/// The most bytes a body may have. A host may set a lower limit, never a higher one.
pub const MAX_BODY_BYTES: usize = 1_048_576;

/// The most bytes of UTF-8 an `entity_id` may have.
pub const MAX_ENTITY_ID_BYTES: usize = 1024;

/// An event that keeps the contract, with its id.
///
/// ```
/// use pik_core::Event;
///
/// let event = Event::parse(br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
///     "event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#).unwrap();
/// assert_eq!(
///     event.id().to_string(),
///     "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec",
/// );
///
/// let rejection = Event::parse(b"[]").unwrap_err();
/// assert_eq!(rejection.problems()[0].code.as_str(), "not_an_object");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    raw: &'a [u8],
    source: Cow<'a, str>,
    event_type: Cow<'a, str>,
    entity_id: Cow<'a, str>,
    event_time: EventTime,
    payload_hash: PayloadHash,
    id: EventId,
}

impl<'a> Event<'a> {
    /// Reads a request body of at most [`MAX_BODY_BYTES`]; on failure tells everything that is wrong with it.
    pub fn parse(body: &'a [u8]) -> Result<Self, Rejection> {
        Self::parse_at_most(body, MAX_BODY_BYTES)
    }

    /// [`Event::parse`] with a lower limit on the body.
    pub fn parse_at_most(body: &'a [u8], max_bytes: usize) -> Result<Self, Rejection> {
        let mut hasher = Hasher(Sha256::new());
        let parts = read(body, max_bytes, &mut hasher)?;
        Ok(parts.into_event(PayloadHash::from_bytes(hasher.0.finalize().into())))
    }

    /// What [`Event::parse`] would refuse, without computing the id: half the time for a small event.
    ///
    /// ```
    /// let rejection = pik_core::Event::check(b"[]").unwrap_err();
    /// assert_eq!(rejection, pik_core::Event::parse(b"[]").unwrap_err());
    /// ```
    pub fn check(body: &[u8]) -> Result<(), Rejection> {
        read(body, MAX_BODY_BYTES, &mut Nowhere).map(|_| ())
    }

    /// [`Event::parse`], with the payload's canonical form.
    ///
    /// ```
    /// let (_, payload) = pik_core::Event::parse_with_payload(br#"{"source":"demo","event_type":"heartbeat",
    ///     "entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"b":1.0,"a":9007199254740993}}"#).unwrap();
    /// assert_eq!(payload, r#"{"a":9007199254740993,"b":1}"#);
    /// ```
    pub fn parse_with_payload(body: &'a [u8]) -> Result<(Self, String), Rejection> {
        let mut payload = Vec::new();
        let parts = read(body, MAX_BODY_BYTES, &mut payload)?;
        let event = parts.into_event(PayloadHash::from_bytes(Sha256::digest(&payload).into()));
        let payload = String::from_utf8(payload).expect("the canonical form is cut between characters of a UTF-8 text");
        Ok((event, payload))
    }

    /// The event as it was received: the bytes from `{` to `}`.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The origin system.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The logical event type.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The user, device or account.
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// When it happened.
    pub fn event_time(&self) -> &EventTime {
        &self.event_time
    }

    /// The hash of the payload's canonical form.
    pub fn payload_hash(&self) -> &PayloadHash {
        &self.payload_hash
    }

    /// The event's id.
    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// The text whose SHA-256 is the id, to see why two ids differ.
    pub fn id_preimage(&self) -> String {
        let text = id_preimage(&self.source, &self.event_type, &self.entity_id, &self.event_time, &self.payload_hash);
        String::from_utf8(text).expect("an id's preimage is made of strings and ASCII")
    }
}

struct Hasher(Sha256);

impl Sink for Hasher {
    fn write(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }
}

/// Where a canonical form goes that nobody asked for.
struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: &[u8]) {}
}

/// An event without its payload's hash.
struct Parts<'a> {
    raw: &'a [u8],
    source: Cow<'a, str>,
    event_type: Cow<'a, str>,
    entity_id: Cow<'a, str>,
    event_time: EventTime,
}

impl<'a> Parts<'a> {
    fn into_event(self, payload_hash: PayloadHash) -> Event<'a> {
        let id = EventId::of(&self.source, &self.event_type, &self.entity_id, &self.event_time, &payload_hash);
        Event {
            raw: self.raw,
            source: self.source,
            event_type: self.event_type,
            entity_id: self.entity_id,
            event_time: self.event_time,
            payload_hash,
            id,
        }
    }
}

/// A member of the event as met in the text.
enum Met<T> {
    Never,
    Once(T),
    Again { at: usize },
}

/// A string member's value.
enum Text<'a> {
    Of(Cow<'a, str>),
    WrongType(usize),
}

/// The members of a body, before they are judged.
struct Members<'a> {
    strings: [Met<Text<'a>>; 4],
    payload: Met<Option<Fault>>,
    /// Unknown names and where they first occur, in that order, at most [`MAX_PROBLEMS`].
    unknown: Vec<(Cow<'a, str>, usize)>,
    unknown_seen: BTreeSet<Cow<'a, str>>,
}

const STRING_MEMBERS: [&str; 4] = ["source", "event_type", "entity_id", "event_time"];

fn read<'a, S: Sink>(body: &'a [u8], max_bytes: usize, sink: &mut S) -> Result<Parts<'a>, Rejection> {
    let max_bytes = max_bytes.min(MAX_BODY_BYTES);
    if body.len() > max_bytes {
        return Err(Rejection::too_large(max_bytes));
    }
    let text = text_of(body)?;
    let (members, raw) = read_body(text, sink).map_err(|error| invalid_json(body, error.at, error.reason))?;
    let Some(members) = members else {
        return Err(Rejection::of(Problem::of_body(
            Code::NotAnObject,
            if raw.starts_with(b"[") {
                "the body is an array and not an object; send each event as one object, or all of them as a batch"
            } else {
                "the body is JSON but not an object; send one event as one object"
            },
        )));
    };
    Judge { lines: Lines::new(text.as_bytes()), problems: Vec::new() }.judge(members, raw)
}

/// The body as text: UTF-8 without a byte-order mark.
pub(crate) fn text_of(body: &[u8]) -> Result<&str, Rejection> {
    if body.starts_with(b"\xef\xbb\xbf") {
        return Err(invalid_json(body, 0, "the body begins with a byte-order mark; send UTF-8 without one"));
    }
    core::str::from_utf8(body)
        .map_err(|error| invalid_json(body, error.valid_up_to(), "the body is not UTF-8; encode it as UTF-8"))
}

pub(crate) fn invalid_json(body: &[u8], at: usize, reason: &str) -> Rejection {
    let message = format!("{reason} ({})", Place::of(body, at));
    Rejection::of(Problem::of_body(Code::InvalidJson, message))
}

/// The whole body; `None` for the members of what is not an object.
fn read_body<'a, S: Sink>(text: &'a str, sink: &mut S) -> Scan<(Option<Members<'a>>, &'a [u8])> {
    let bytes = text.as_bytes();
    let start = skip_space(bytes, 0);
    let (members, end) = if bytes.get(start) == Some(&b'{') {
        let (members, end) = read_members(text, start, sink)?;
        (Some(members), end)
    } else {
        (None, skip_value(bytes, start)?)
    };
    let after = skip_space(bytes, end);
    if after < bytes.len() {
        return error(
            after,
            match bytes[after] {
                b'{' => {
                    "another event begins behind the event; write one event a line (`curl -d` removes line ends, \
                 `--data-binary` keeps them)"
                }
                _ => "text after the end of the event; send one event a body",
            },
        );
    }
    Ok((members, &bytes[start..end]))
}

/// The object at `at`, and the position behind it.
fn read_members<'a, S: Sink>(text: &'a str, at: usize, sink: &mut S) -> Scan<(Members<'a>, usize)> {
    let bytes = text.as_bytes();
    let mut members = Members {
        strings: [const { Met::Never }; 4],
        payload: Met::Never,
        unknown: Vec::new(),
        unknown_seen: BTreeSet::new(),
    };
    let mut at = skip_space(bytes, at + 1);
    if bytes.get(at) == Some(&b'}') {
        return Ok((members, at + 1));
    }
    loop {
        let name_at = at;
        let (end, value_at) = name(bytes, at)?;
        let name = unescaped(text, name_at, end);
        at = if name == "payload" {
            read_payload(text, value_at, sink, &mut members.payload, name_at)?
        } else if let Some(place) = STRING_MEMBERS.iter().position(|member| *member == name) {
            read_string(text, value_at, &mut members.strings[place], name_at)?
        } else {
            members.note_unknown(name, name_at);
            skip_value(bytes, value_at)?
        };
        at = skip_space(bytes, at);
        match bytes.get(at) {
            Some(b',') => at = skip_space(bytes, at + 1),
            Some(b'}') => return Ok((members, at + 1)),
            _ => return error(at, AFTER_MEMBER),
        }
    }
}

fn read_payload<S: Sink>(
    text: &str,
    at: usize,
    sink: &mut S,
    payload: &mut Met<Option<Fault>>,
    name_at: usize,
) -> Scan<usize> {
    if !matches!(payload, Met::Never) {
        *payload = Met::Again { at: name_at };
        return skip_value(text.as_bytes(), at);
    }
    match write_payload(text, at, sink) {
        Ok(end) => {
            *payload = Met::Once(None);
            Ok(end)
        }
        Err(error) => match *error {
            PayloadError::Syntax(error) => Err(Box::new(error)),
            PayloadError::Fault(fault) => {
                // What follows the fault may not even be JSON, and that would be the only problem told.
                *payload = Met::Once(Some(fault));
                skip_value(text.as_bytes(), at)
            }
        },
    }
}

fn read_string<'a>(text: &'a str, at: usize, member: &mut Met<Text<'a>>, name_at: usize) -> Scan<usize> {
    let bytes = text.as_bytes();
    let (value, end) = if bytes.get(at) == Some(&b'"') {
        let end = string(bytes, at)?;
        (Text::Of(unescaped(text, at, end)), end.at)
    } else {
        (Text::WrongType(at), skip_value(bytes, at)?)
    };
    *member = match member {
        Met::Never => Met::Once(value),
        Met::Once(_) | Met::Again { .. } => Met::Again { at: name_at },
    };
    Ok(end)
}

impl<'a> Members<'a> {
    fn note_unknown(&mut self, name: Cow<'a, str>, at: usize) {
        if self.unknown.len() < MAX_PROBLEMS && self.unknown_seen.insert(name.clone()) {
            self.unknown.push((name, at));
        }
    }
}

/// The characters of the string token that starts at `at`.
fn unescaped(text: &str, at: usize, end: StringEnd) -> Cow<'_, str> {
    let inside = &text[at + 1..end.at - 1];
    if end.escapes == Escapes::None {
        return Cow::Borrowed(inside);
    }
    let mut characters = String::with_capacity(inside.len());
    unescape_into(inside, &mut characters);
    Cow::Owned(characters)
}

/// Collects what is wrong, in the contract's order.
struct Judge<'a> {
    lines: Lines<'a>,
    problems: Vec<Problem>,
}

impl<'a> Judge<'a> {
    fn judge(mut self, members: Members<'a>, raw: &'a [u8]) -> Result<Parts<'a>, Rejection> {
        let [source, event_type, entity_id, event_time] = members.strings;
        let source = self.string("source", source, partition_problem);
        let event_type = self.string("event_type", event_type, partition_problem);
        let entity_id = self.string("entity_id", entity_id, entity_problem);
        let event_time = self.time(event_time);
        let payload = self.payload(members.payload);
        for (name, at) in &members.unknown {
            self.unknown(name, *at);
        }
        match (source, event_type, entity_id, event_time, payload) {
            (Some(source), Some(event_type), Some(entity_id), Some(event_time), Some(()))
                if self.problems.is_empty() =>
            {
                Ok(Parts { raw, source, event_type, entity_id, event_time })
            }
            (source, event_type, entity_id, event_time, _) => {
                let [source, event_type, entity_id] =
                    [source, event_type, entity_id].map(|text| text.map(Cow::into_owned));
                let legible = Legible { source, event_type, entity_id, event_time };
                Err(Rejection::from_problems(self.problems).with_legible(legible))
            }
        }
    }

    fn add(&mut self, code: Code, member: &str, message: String) {
        self.problems.push(Problem { code, path: pointer([member].into_iter()), message });
    }

    fn place(&mut self, at: usize) -> Place {
        self.lines.place(at)
    }

    /// The one value of a member, or a problem noted.
    fn once<T>(&mut self, member: &str, met: Met<T>) -> Option<T> {
        match met {
            Met::Once(value) => Some(value),
            Met::Never => {
                self.add(Code::MissingField, member, format!("`{member}` is missing; add it"));
                None
            }
            Met::Again { at } => {
                let place = self.place(at);
                self.add(Code::DuplicateKey, member, format!("`{member}` occurs again at {place}; send it once"));
                None
            }
        }
    }

    fn text(&mut self, member: &str, met: Met<Text<'a>>) -> Option<Cow<'a, str>> {
        match self.once(member, met)? {
            Text::Of(value) => Some(value),
            Text::WrongType(at) => {
                let kind = match self.lines.text.get(at) {
                    Some(b'n') => "null",
                    Some(b't' | b'f') => "true or false",
                    Some(b'{') => "an object",
                    Some(b'[') => "an array",
                    Some(_) | None => "a number",
                };
                let instead = match (member, kind) {
                    ("event_time", "a number") => {
                        "send a string such as \"2025-12-28T23:59:59Z\", as the unit of a number would be a guess"
                    }
                    ("event_time", _) => "send a string such as \"2025-12-28T23:59:59Z\"",
                    _ => "send a string",
                };
                let place = self.place(at);
                self.add(Code::WrongType, member, format!("`{member}` is {kind} at {place}; {instead}"));
                None
            }
        }
    }

    fn string(
        &mut self,
        member: &str,
        met: Met<Text<'a>>,
        problem: fn(&str) -> Option<(Code, String)>,
    ) -> Option<Cow<'a, str>> {
        let value = self.text(member, met)?;
        match problem(&value) {
            None => Some(value),
            Some((code, what)) => {
                self.add(code, member, format!("`{member}` {what}"));
                None
            }
        }
    }

    fn time(&mut self, met: Met<Text<'a>>) -> Option<EventTime> {
        let value = self.text("event_time", met)?;
        match value.parse::<EventTime>() {
            Ok(time) => Some(time),
            Err(error) => {
                self.add(error.code(), "event_time", advice(&value, error));
                None
            }
        }
    }

    fn payload(&mut self, met: Met<Option<Fault>>) -> Option<()> {
        let Some(fault) = self.once("payload", met)? else { return Some(()) };
        let place = self.place(fault.at);
        let (code, message) = match fault.kind {
            FaultKind::DuplicateKey => {
                (Code::DuplicateKey, format!("a member name occurs again at {place}; send each name once in an object"))
            }
            FaultKind::NumberOutOfRange => (
                Code::NumberOutOfRange,
                format!(
                    "a number's exponent is outside -1000000 to 1000000 at {place}; send it as a string or closer to 1"
                ),
            ),
            FaultKind::TooDeep => (
                Code::TooDeep,
                format!("more than {MAX_DEPTH} levels of arrays and objects at {place}; flatten the payload"),
            ),
        };
        let inside = fault.path.iter().rev().map(String::as_str);
        let path = pointer(core::iter::once("payload").chain(inside));
        self.problems.push(Problem { code, path, message });
        None
    }

    fn unknown(&mut self, name: &str, at: usize) {
        let message = if name == "event_id" {
            "event_id is computed by the server; leave it out".to_owned()
        } else {
            let place = self.place(at);
            format!("an unknown member at {place}; leave it out, or put it into the payload")
        };
        self.add(Code::UnknownField, name, message);
    }
}

fn partition_problem(value: &str) -> Option<(Code, String)> {
    text_problem(value).or_else(|| {
        let len = escaped_len(value);
        (len > MAX_PARTITION_BYTES).then(|| {
            let message = format!(
                "takes {len} bytes as written in a key, where {MAX_PARTITION_BYTES} fit; shorten it (characters other than letters, digits, `-`, `_` and `.` take three)"
            );
            (Code::TooLong, message)
        })
    })
}

fn entity_problem(value: &str) -> Option<(Code, String)> {
    text_problem(value).or_else(|| {
        let len = value.len();
        (len > MAX_ENTITY_ID_BYTES)
            .then(|| (Code::TooLong, format!("has {len} bytes of UTF-8, where {MAX_ENTITY_ID_BYTES} fit; shorten it")))
    })
}

fn text_problem(value: &str) -> Option<(Code, String)> {
    if value.is_empty() {
        return Some((Code::Empty, "is empty; give it a value".to_owned()));
    }
    let forbidden = value.chars().position(is_forbidden)? + 1;
    let message = format!("has a control or noncharacter as its character {forbidden}; remove it");
    Some((Code::ForbiddenCharacter, message))
}

fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fdd0}'..='\u{fdef}') || character as u32 & 0xfffe == 0xfffe
}

/// Line and column of a byte, both from 1, columns in bytes.
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    fn of(text: &[u8], at: usize) -> Self {
        Lines::new(text).place(at)
    }
}

/// Counts lines up to where it was asked last: a hundred unknown names at the end of a long body must not cost a hundred
/// walks through it.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, line_start: 0 }
    }

    fn place(&mut self, at: usize) -> Place {
        if at < self.at {
            *self = Self::new(self.text);
        }
        let passed = &self.text[self.at..at];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        if let Some(newline) = passed.iter().rposition(|byte| *byte == b'\n') {
            self.line_start = self.at + newline + 1;
        }
        self.at = at;
        Place { line: self.line, column: at - self.line_start + 1 }
    }
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
