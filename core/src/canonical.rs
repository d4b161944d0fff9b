//! Canonical JSON (contract, section 2), in one pass over the text.
//!
//! Tokens are written in canonical form to one buffer as they are read. What needs no sorting leaves the buffer for the
//! sink in the order it was written. An object whose members are out of order is noted with the places of its
//! members; the buffer is then read out along these notes, so nothing is moved and no tree is built.

use crate::number::write_number;
use crate::order::{Name, compare_names, first_repeated, sort_by_name};
use crate::scan::{AFTER_ELEMENT, AFTER_MEMBER, Scanner, StringToken, SyntaxError, escape};

/// How many levels of arrays and objects a payload may nest.
pub const MAX_DEPTH: usize = 128;

/// Takes the canonical form, piece by piece.
pub(crate) trait Sink {
    fn write(&mut self, piece: &[u8]);
}

impl Sink for Vec<u8> {
    fn write(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

/// What the contract refuses in a payload that is JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    DuplicateKey,
    NumberOutOfRange,
    TooDeep,
}

/// The first problem of a payload in document order.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) at: usize,
    /// The pointer's segments within the payload, innermost first.
    pub(crate) path: Vec<String>,
}

pub(crate) enum PayloadError {
    Syntax(SyntaxError),
    Fault(Fault),
}

impl From<SyntaxError> for PayloadError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// Reads one value and writes its canonical form to `sink`. After a fault the rest of the text is unread.
pub(crate) fn write_payload<'a, S: Sink>(scanner: &mut Scanner<'a>, sink: &mut S) -> Result<(), PayloadError> {
    let mut writer = Writer {
        scanner,
        sink,
        out: Vec::with_capacity(512),
        members: Vec::new(),
        unescaped: String::new(),
        moved: Vec::new(),
        reordered: Vec::new(),
        open_objects: 0,
    };
    writer.value(1)?;
    writer.drain();
    Ok(())
}

/// A member of an object that is still open, or of one that was just closed.
struct Member {
    name: Name,
    name_at: usize,
    written: Span,
}

/// A range of the buffer.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

/// An object whose members are out of order in the buffer.
struct Reordered {
    span: Span,
    /// Its members in canonical order, as a range of `Writer::moved`.
    members: core::ops::Range<usize>,
}

struct Writer<'s, 'a, S> {
    scanner: &'s mut Scanner<'a>,
    sink: &'s mut S,
    out: Vec<u8>,
    /// The members of all open objects, the innermost object's last.
    members: Vec<Member>,
    /// The names that have escapes, resolved.
    unescaped: String,
    moved: Vec<Span>,
    reordered: Vec<Reordered>,
    open_objects: usize,
}

const DRAIN_AT: usize = 16 * 1024;

impl<'a, S: Sink> Writer<'_, 'a, S> {
    fn value(&mut self, level: usize) -> Result<(), PayloadError> {
        match self.scanner.peek() {
            Some(b'"') => {
                let token = self.scanner.string()?;
                write_token(&token, &mut self.out);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => {
                let at = self.scanner.at;
                let token = self.scanner.number()?;
                write_number(&token, &mut self.out).map_err(|_| fault(FaultKind::NumberOutOfRange, at))
            }
            Some(b'[') if level <= MAX_DEPTH => self.array(level),
            Some(b'{') if level <= MAX_DEPTH => {
                self.open_objects += 1;
                self.object(level)?;
                self.open_objects -= 1;
                Ok(())
            }
            Some(b'[' | b'{') => Err(fault(FaultKind::TooDeep, self.scanner.at)),
            _ => {
                let word = self.scanner.literal()?;
                self.out.extend_from_slice(word.as_bytes());
                Ok(())
            }
        }
    }

    fn array(&mut self, level: usize) -> Result<(), PayloadError> {
        self.scanner.at += 1;
        self.out.push(b'[');
        self.scanner.skip_space();
        if !self.scanner.take(b']') {
            let mut index = 0_usize;
            loop {
                self.value(level + 1).map_err(|error| within(error, || index.to_string()))?;
                // An open object may yet have to be sorted; everything else can go.
                if self.open_objects == 0 && self.out.len() > DRAIN_AT {
                    self.drain();
                }
                self.scanner.skip_space();
                if self.scanner.take(b']') {
                    break;
                }
                if !self.scanner.take(b',') {
                    return Ok(self.scanner.error(AFTER_ELEMENT)?);
                }
                self.out.push(b',');
                self.scanner.skip_space();
                index += 1;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, level: usize) -> Result<(), PayloadError> {
        let start = self.out.len();
        let first_member = self.members.len();
        self.scanner.at += 1;
        self.out.push(b'{');
        self.scanner.skip_space();
        let mut sorted = true;
        if !self.scanner.take(b'}') {
            loop {
                sorted &= self.member(first_member, level)?;
                self.scanner.skip_space();
                if self.scanner.take(b'}') {
                    break;
                }
                if !self.scanner.take(b',') {
                    return Ok(self.scanner.error(AFTER_MEMBER)?);
                }
                self.out.push(b',');
                self.scanner.skip_space();
            }
        }
        self.out.push(b'}');
        if !sorted {
            let span = Span { start, end: self.out.len() };
            self.reorder(first_member, span)?;
        }
        self.members.truncate(first_member);
        Ok(())
    }

    /// Whether the member's name comes after the one before it.
    fn member(&mut self, first_member: usize, level: usize) -> Result<bool, PayloadError> {
        let name_at = self.scanner.at;
        let token = self.scanner.name()?;
        let start = self.out.len();
        write_token(&token, &mut self.out);
        self.out.push(b':');
        let name = self.name(&token, name_at);
        let in_order = match self.members[first_member..].last() {
            Some(before) => compare_names(self.name_text(&before.name), self.name_text(&name)).is_lt(),
            None => true,
        };
        let place = self.members.len();
        self.members.push(Member { name, name_at, written: Span { start, end: start } });
        if let Err(error) = self.value(level + 1) {
            return Err(self.explain(error, first_member, place));
        }
        self.members[place].written.end = self.out.len();
        Ok(in_order)
    }

    fn name(&mut self, token: &StringToken<'a>, name_at: usize) -> Name {
        if token.has_escapes {
            let start = self.unescaped.len();
            token.unescape_into(&mut self.unescaped);
            Name::Unescaped(start..self.unescaped.len())
        } else {
            Name::Written(name_at + 1..name_at + 1 + token.inside.len())
        }
    }

    fn name_text(&self, name: &Name) -> &str {
        match name {
            Name::Written(range) => &self.scanner.text[range.clone()],
            Name::Unescaped(range) => &self.unescaped[range.clone()],
        }
    }

    /// A problem inside a member's value. A name repeated earlier in this object comes first in the document.
    fn explain(&self, error: PayloadError, first_member: usize, place: usize) -> PayloadError {
        match error {
            PayloadError::Syntax(error) => PayloadError::Syntax(error),
            PayloadError::Fault(fault) => match self.repeated_name(first_member, place + 1) {
                Some(repeated) => PayloadError::Fault(repeated),
                None => within(PayloadError::Fault(fault), || self.name_text(&self.members[place].name).to_owned()),
            },
        }
    }

    fn repeated_name(&self, from: usize, to: usize) -> Option<Fault> {
        let members = &self.members[from..to];
        let order = sort_by_name(members.len(), |index| self.name_text(&members[index].name));
        let repeated = first_repeated(&order, |index| self.name_text(&members[index].name))?;
        let path = vec![self.name_text(&members[repeated].name).to_owned()];
        Some(Fault { kind: FaultKind::DuplicateKey, at: members[repeated].name_at, path })
    }

    /// Notes the canonical order of the object that was just closed.
    fn reorder(&mut self, first_member: usize, span: Span) -> Result<(), PayloadError> {
        let members = &self.members[first_member..];
        let name = |index: usize| self.name_text(&members[index].name);
        let order = sort_by_name(members.len(), name);
        if let Some(repeated) = first_repeated(&order, name) {
            let path = vec![name(repeated).to_owned()];
            let at = members[repeated].name_at;
            return Err(PayloadError::Fault(Fault { kind: FaultKind::DuplicateKey, at, path }));
        }
        let start = self.moved.len();
        self.moved.extend(order.iter().map(|index| members[*index as usize].written));
        self.reordered.push(Reordered { span, members: start..self.moved.len() });
        Ok(())
    }

    /// Hands the buffer to the sink, objects in canonical order.
    fn drain(&mut self) {
        if self.reordered.is_empty() {
            self.sink.write(&self.out);
        } else {
            // Closed innermost first; by start, an object comes before those inside it.
            self.reordered.sort_unstable_by_key(|object| object.span.start);
            let mut pieces = Pieces { sink: self.sink, buffer: Vec::with_capacity(PIECES_AT) };
            let whole = Span { start: 0, end: self.out.len() };
            read_out(&self.out, whole, &self.reordered, &self.moved, &mut pieces);
            pieces.flush();
        }
        self.out.clear();
        self.unescaped.clear();
        self.moved.clear();
        self.reordered.clear();
    }
}

/// Gathers short pieces, because a hasher is slow on them.
struct Pieces<'s, S> {
    sink: &'s mut S,
    buffer: Vec<u8>,
}

const PIECES_AT: usize = 4096;

impl<S: Sink> Pieces<'_, S> {
    #[inline]
    fn write(&mut self, piece: &[u8]) {
        if self.buffer.len() + piece.len() > PIECES_AT {
            self.flush();
            if piece.len() > PIECES_AT {
                return self.sink.write(piece);
            }
        }
        self.buffer.extend_from_slice(piece);
    }

    fn flush(&mut self) {
        self.sink.write(&self.buffer);
        self.buffer.clear();
    }
}

/// Writes `span` of the buffer; `objects` are the reordered ones within it, by start. Recurses at most once a level.
fn read_out<S: Sink>(out: &[u8], span: Span, objects: &[Reordered], moved: &[Span], pieces: &mut Pieces<'_, S>) {
    let mut at = span.start;
    let mut rest = objects;
    while let Some((object, inside)) = rest.split_first() {
        pieces.write(&out[at..object.span.start]);
        let count = inside.partition_point(|other| other.span.start < object.span.end);
        let (inside, after) = inside.split_at(count);
        pieces.write(b"{");
        for (index, member) in moved[object.members.clone()].iter().enumerate() {
            if index > 0 {
                pieces.write(b",");
            }
            let from = inside.partition_point(|other| other.span.start < member.start);
            let to = from + inside[from..].partition_point(|other| other.span.start < member.end);
            read_out(out, *member, &inside[from..to], moved, pieces);
        }
        pieces.write(b"}");
        at = object.span.end;
        rest = after;
    }
    pieces.write(&out[at..span.end]);
}

fn fault(kind: FaultKind, at: usize) -> PayloadError {
    PayloadError::Fault(Fault { kind, at, path: Vec::new() })
}

fn within(error: PayloadError, segment: impl FnOnce() -> String) -> PayloadError {
    match error {
        PayloadError::Syntax(error) => PayloadError::Syntax(error),
        PayloadError::Fault(mut fault) => {
            fault.path.push(segment());
            PayloadError::Fault(fault)
        }
    }
}

/// Appends a string token in canonical form.
#[inline]
fn write_token(token: &StringToken<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    if token.has_escapes {
        write_escaped_token(token.inside, out);
    } else {
        out.extend_from_slice(token.inside.as_bytes());
    }
    out.push(b'"');
}

fn write_escaped_token(inside: &str, out: &mut Vec<u8>) {
    let mut rest = inside;
    while let Some(backslash) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..backslash]);
        // INVARIANT: a token's escapes were read once when it was scanned.
        let Ok(escape) = escape(&rest.as_bytes()[backslash..]) else { return };
        write_character(escape.character, out);
        rest = &rest[backslash + escape.written_bytes..];
    }
    out.extend_from_slice(rest.as_bytes());
}

fn write_character(character: char, out: &mut Vec<u8>) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '\r' => out.extend_from_slice(b"\\r"),
        control if control < ' ' => {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let code = control as usize;
            out.extend_from_slice(b"\\u00");
            out.push(DIGITS[code >> 4]);
            out.push(DIGITS[code & 15]);
        }
        other => {
            let mut bytes = [0; 4];
            out.extend_from_slice(other.encode_utf8(&mut bytes).as_bytes());
        }
    }
}

/// Appends a string in canonical form, with its quotes.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        text.chars().for_each(|character| write_character(character, out));
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}
