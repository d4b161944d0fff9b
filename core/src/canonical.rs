//! Canonical JSON (`docs/contract.md`, section 2), in one pass over the text.
//!
//! Text that is canonical as it stands goes to the sink from where it stands; what is not is rewritten into a buffer. An
//! object whose members are out of order is noted with the places of its members, and the text is then read out
//! along these notes, so nothing is moved and no tree is built.

use core::ops::Range;

use crate::number::{is_canonical, write_number};
use crate::order::{Member, Name, Names};
use crate::scan::{
    AFTER_ELEMENT, AFTER_MEMBER, COLON_EXPECTED, Escapes, NAME_EXPECTED, Scan, StringEnd, SyntaxError, error, escape,
    literal, number, skip_space, string, unescape_into,
};
use crate::span::{OutPos, OutSpan};

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

impl From<Box<SyntaxError>> for Box<PayloadError> {
    #[cold]
    fn from(error: Box<SyntaxError>) -> Self {
        Box::new(PayloadError::Syntax(*error))
    }
}

/// Reads the value at `at` and writes its canonical form to `sink`; gives the position behind it.
pub(crate) fn write_payload<S: Sink>(text: &str, at: usize, sink: &mut S) -> Result<usize, Box<PayloadError>> {
    let mut writer = Writer {
        text,
        sink,
        out: Vec::new(),
        run: at,
        before_run: 0_usize.wrapping_sub(at),
        members: Vec::with_capacity(16),
        unescaped: String::new(),
        moved: Vec::new(),
        reordered: Vec::new(),
        open_objects: 0,
    };
    let end = writer.value(at, 1)?;
    writer.drain(end);
    Ok(end)
}

/// An object whose members are out of order in the canonical text.
struct Reordered {
    span: OutSpan,
    /// Its members in canonical order, as a range of `Writer::moved`.
    members: Range<usize>,
}

/// The canonical text is `out` and then the run, a stretch of the input that is canonical as it stands. Text is copied to
/// `out` only where the input differs from its canonical form: at white space, some escapes and some numbers.
///
/// Methods take the position in the input and give the one behind what they read.
struct Writer<'s, 'a, S> {
    text: &'a str,
    sink: &'s mut S,
    out: Vec<u8>,
    /// Where the run starts in the input.
    run: usize,
    /// Where the run starts in the canonical text, less `run`.
    before_run: usize,
    /// The members of all open objects, the innermost object's last.
    members: Vec<Member>,
    /// The names that have escapes, resolved.
    unescaped: String,
    moved: Vec<OutSpan>,
    reordered: Vec<Reordered>,
    open_objects: usize,
}

const DRAIN_AT: usize = 16 * 1024;

impl<S: Sink> Writer<'_, '_, S> {
    #[inline(always)]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Where in the canonical text the input's byte `at`, of the run, stands.
    #[inline(always)]
    fn written(&self, at: usize) -> OutPos {
        OutPos::new(self.before_run.wrapping_add(at))
    }

    /// Ends the run before the input's byte `at`, which is not canonical.
    fn end_run(&mut self, at: usize) {
        self.out.extend_from_slice(&self.text.as_bytes()[self.run..at]);
    }

    /// Starts a run at the input's byte `at`.
    fn start_run(&mut self, at: usize) {
        self.run = at;
        self.before_run = self.out.len().wrapping_sub(at);
    }

    #[inline(always)]
    fn skip_space(&mut self, at: usize) -> usize {
        if self.byte(at).is_some_and(|byte| byte <= b' ') { self.skip_some_space(at) } else { at }
    }

    fn skip_some_space(&mut self, at: usize) -> usize {
        self.end_run(at);
        let end = skip_space(self.text.as_bytes(), at);
        self.start_run(end);
        end
    }

    #[inline(always)]
    fn string(&mut self, at: usize) -> Scan<StringEnd> {
        let end = string(self.text.as_bytes(), at)?;
        if end.escapes == Escapes::Other {
            self.rewrite_string(at, end.at);
        }
        Ok(end)
    }

    #[cold]
    fn rewrite_string(&mut self, at: usize, end: usize) {
        self.end_run(at);
        write_token(&self.text[at + 1..end - 1], &mut self.out);
        self.start_run(end);
    }

    fn value(&mut self, at: usize, level: usize) -> Result<usize, Box<PayloadError>> {
        match self.byte(at) {
            Some(b'"') => Ok(self.string(at)?.at),
            Some(b'-' | b'0'..=b'9') => self.number(at),
            Some(b'[') if level <= MAX_DEPTH => self.array(at, level),
            Some(b'{') if level <= MAX_DEPTH => {
                self.open_objects += 1;
                let end = self.object(at, level)?;
                self.open_objects -= 1;
                Ok(end)
            }
            Some(b'[' | b'{') => Err(fault(FaultKind::TooDeep, at)),
            _ => Ok(literal(self.text.as_bytes(), at)?),
        }
    }

    #[inline(always)]
    fn number(&mut self, at: usize) -> Result<usize, Box<PayloadError>> {
        let text = self.text;
        let token = number(text.as_bytes(), at)?;
        if !is_canonical(&token) {
            self.end_run(at);
            write_number(&token, &mut self.out).map_err(|_| fault(FaultKind::NumberOutOfRange, at))?;
            self.start_run(token.end);
        }
        Ok(token.end)
    }

    fn array(&mut self, at: usize, level: usize) -> Result<usize, Box<PayloadError>> {
        let mut at = self.skip_space(at + 1);
        if self.byte(at) == Some(b']') {
            return Ok(at + 1);
        }
        let mut index = 0_usize;
        loop {
            at = match self.value(at, level + 1) {
                Ok(end) => end,
                Err(error) => return Err(within(error, || index.to_string())),
            };
            // An open object may yet have to be sorted; everything else can go.
            if self.open_objects == 0 && self.written(at).index() > DRAIN_AT {
                self.drain(at);
            }
            at = self.skip_space(at);
            match self.byte(at) {
                Some(b',') => at = self.skip_space(at + 1),
                Some(b']') => return Ok(at + 1),
                _ => return Ok(error(at, AFTER_ELEMENT)?),
            }
            index += 1;
        }
    }

    fn object(&mut self, start: usize, level: usize) -> Result<usize, Box<PayloadError>> {
        let written_start = self.written(start);
        let mut at = self.skip_space(start + 1);
        if self.byte(at) == Some(b'}') {
            return Ok(at + 1);
        }
        let first_member = self.members.len();
        let mut sorted = true;
        loop {
            let place = self.members.len();
            at = self.name(at)?;
            if place > first_member {
                let (before, name) = (&self.members[place - 1].name, &self.members[place].name);
                sorted &= self.names().compare(before, name).is_lt();
            }
            at = match self.value(at, level + 1) {
                Ok(end) => end,
                Err(error) => return Err(self.explain(error, first_member, place)),
            };
            self.members[place].written.end = self.written(at);
            at = self.skip_space(at);
            match self.byte(at) {
                Some(b',') => at = self.skip_space(at + 1),
                Some(b'}') => break,
                _ => return Ok(error(at, AFTER_MEMBER)?),
            }
        }
        at += 1;
        if !sorted {
            self.reorder(first_member, OutSpan { start: written_start, end: self.written(at) })?;
        }
        self.members.truncate(first_member);
        Ok(at)
    }

    /// Notes the member at `at`; gives the position of its value.
    #[inline(always)]
    fn name(&mut self, at: usize) -> Scan<usize> {
        if self.byte(at) != Some(b'"') {
            return error(at, NAME_EXPECTED);
        }
        let written = self.written(at);
        let end = self.string(at)?;
        self.members.push(Member {
            name: Name::written(self.text, at, end.at),
            name_at: at,
            written: OutSpan { start: written, end: written },
        });
        if end.escapes != Escapes::None {
            self.resolve_last_name(at, end.at);
        }
        let colon = self.skip_space(end.at);
        if self.byte(colon) != Some(b':') {
            return error(colon, COLON_EXPECTED);
        }
        Ok(self.skip_space(colon + 1))
    }

    #[cold]
    fn resolve_last_name(&mut self, at: usize, end: usize) {
        let start = self.unescaped.len();
        unescape_into(&self.text[at + 1..end - 1], &mut self.unescaped);
        if let Some(member) = self.members.last_mut() {
            member.name = Name::unescaped(&self.unescaped, start);
        }
    }

    #[inline(always)]
    fn names(&self) -> Names<'_> {
        Names { text: self.text, unescaped: &self.unescaped }
    }

    /// A problem inside a member's value. A name repeated earlier in this object comes first in the document.
    #[cold]
    fn explain(&self, error: Box<PayloadError>, first_member: usize, place: usize) -> Box<PayloadError> {
        if let PayloadError::Syntax(_) = *error {
            return error;
        }
        match self.names().order(&self.members[first_member..=place]) {
            Err(repeated) => fault_of(self.names(), &repeated),
            Ok(_) => within(error, || self.names().text(&self.members[place].name).to_owned()),
        }
    }

    /// Notes the canonical order of the object that was just closed.
    fn reorder(&mut self, first_member: usize, span: OutSpan) -> Result<(), Box<PayloadError>> {
        const FEW: usize = 16;
        let names = Names { text: self.text, unescaped: &self.unescaped };
        let start = self.moved.len();
        let members = &mut self.members[first_member..];
        if members.len() <= FEW {
            names.sort_few(members).map_err(|repeated| fault_of(names, &repeated))?;
            self.moved.extend(members.iter().map(|member| member.written));
        } else {
            let order = names.order(members).map_err(|repeated| fault_of(names, &repeated))?;
            self.moved.extend(order.iter().map(|place| members[*place as usize].written));
        }
        self.reordered.push(Reordered { span, members: start..self.moved.len() });
        Ok(())
    }

    /// Hands the canonical text up to the input's byte `at` to the sink, objects in canonical order.
    fn drain(&mut self, at: usize) {
        let run = &self.text.as_bytes()[self.run..at];
        if self.reordered.is_empty() {
            self.sink.write(&self.out);
            self.sink.write(run);
        } else {
            let written = if self.out.is_empty() {
                run
            } else {
                self.out.extend_from_slice(run);
                &self.out
            };
            // Closed innermost first; by start, an object comes before those inside it.
            self.reordered.sort_unstable_by_key(|object| object.span.start);
            let mut pieces = Pieces { sink: self.sink, buffer: Vec::with_capacity(PIECES_AT.min(written.len())) };
            let text = Text { written, moved: &self.moved };
            let whole = OutSpan { start: OutPos::START, end: OutPos::new(written.len()) };
            text.read_out(whole, &self.reordered, &mut pieces);
            pieces.flush();
        }
        self.out.clear();
        self.start_run(at);
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

/// Canonical text but for the order of members.
struct Text<'t> {
    written: &'t [u8],
    moved: &'t [OutSpan],
}

impl Text<'_> {
    /// Writes `span`; `objects` are the reordered ones within it, by start. Recurses at most once a level.
    fn read_out<S: Sink>(&self, span: OutSpan, objects: &[Reordered], pieces: &mut Pieces<'_, S>) {
        let mut at = span.start.index();
        let mut rest = objects;
        while let Some((object, inside)) = rest.split_first() {
            pieces.write(&self.written[at..object.span.start.index()]);
            let count = inside.partition_point(|other| other.span.start < object.span.end);
            let (inside, after) = inside.split_at(count);
            pieces.write(b"{");
            for (index, member) in self.moved[object.members.clone()].iter().enumerate() {
                if index > 0 {
                    pieces.write(b",");
                }
                if inside.is_empty() {
                    pieces.write(&self.written[member.range()]);
                } else {
                    let from = inside.partition_point(|other| other.span.start < member.start);
                    let to = from + inside[from..].partition_point(|other| other.span.start < member.end);
                    self.read_out(*member, &inside[from..to], pieces);
                }
            }
            pieces.write(b"}");
            at = object.span.end.index();
            rest = after;
        }
        pieces.write(&self.written[at..span.end.index()]);
    }
}

#[cold]
fn fault(kind: FaultKind, at: usize) -> Box<PayloadError> {
    Box::new(PayloadError::Fault(Fault { kind, at, path: Vec::new() }))
}

#[cold]
fn fault_of(names: Names<'_>, repeated: &Member) -> Box<PayloadError> {
    let path = vec![names.text(&repeated.name).to_owned()];
    Box::new(PayloadError::Fault(Fault { kind: FaultKind::DuplicateKey, at: repeated.name_at, path }))
}

#[cold]
fn within(mut error: Box<PayloadError>, segment: impl FnOnce() -> String) -> Box<PayloadError> {
    match &mut *error {
        PayloadError::Syntax(_) => {}
        PayloadError::Fault(fault) => fault.path.push(segment()),
    }
    error
}

/// Appends a string token, given without its quotes, in canonical form.
fn write_token(inside: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = inside;
    while let Some(backslash) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..backslash]);
        let escape = escape(&rest.as_bytes()[backslash..]).expect("a token's escapes were read when it was scanned");
        write_character(escape.character, out);
        rest = &rest[backslash + escape.written_bytes..];
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths of what was handed over.
    struct Lengths(Vec<usize>);

    impl Sink for Lengths {
        fn write(&mut self, piece: &[u8]) {
            self.0.push(piece.len());
        }
    }

    fn lengths(payload: &str) -> Vec<usize> {
        let mut lengths = Lengths(Vec::new());
        assert!(write_payload(payload, 0, &mut lengths).is_ok_and(|end| end == payload.len()));
        lengths.0
    }

    /// What a long array costs is one element and a buffer, not the array; and a hasher gets no crumbs.
    #[test]
    fn a_long_array_is_handed_over_in_pieces_that_are_neither_long_nor_short() {
        let [first, second] = ["a", "b"].map(|name| format!(r#""{name}":"{}""#, name.repeat(50)));
        let [sorted, unsorted] = [format!("{{{first},{second}}}"), format!("{{{second},{first}}}")];
        for (element, most) in [(&*sorted, DRAIN_AT), (&*unsorted, PIECES_AT)] {
            let payload = format!("[{}]", [element; 1_000].join(","));
            let lengths = lengths(&payload);
            assert_eq!(lengths.iter().sum::<usize>(), payload.len());
            let longest = lengths.iter().max().copied().unwrap_or_default();
            assert!((most / 2..most + element.len() + 2).contains(&longest), "{longest} of {element}");
            // Each time there is a remainder, and there may be nothing before the run.
            let fewest = payload.len().div_ceil(DRAIN_AT) * (2 + DRAIN_AT / most);
            assert!(lengths.len() <= fewest, "{} writes of {element}, where {fewest} do", lengths.len());
        }
    }

    #[test]
    fn a_string_is_written_as_its_token_is() {
        for text in ["", "a b", "\u{1f}", "a\n", "\"", "\\", "\u{7f}\u{e9}"] {
            let mut written = Vec::new();
            write_string(text, &mut written);
            assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(text).unwrap());
        }
    }
}
