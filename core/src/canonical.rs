//! Canonical JSON (contract, section 2), in one pass over the text.
//!
//! Text that is canonical as it stands goes to the sink from where it stands; what is not is rewritten into a buffer. An
//! object whose members are out of order is noted with the places of its members, and the text is then read out
//! along these notes, so nothing is moved and no tree is built.

use crate::number::{is_canonical, write_number};
use crate::order::{Member, Name, Names, Span};
use crate::scan::{
    AFTER_ELEMENT, AFTER_MEMBER, COLON_EXPECTED, NAME_EXPECTED, Scanner, StringToken, SyntaxError, escape,
    unescape_into,
};

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

impl From<SyntaxError> for Box<PayloadError> {
    #[cold]
    fn from(error: SyntaxError) -> Self {
        Box::new(PayloadError::Syntax(error))
    }
}

/// Reads one value and writes its canonical form to `sink`. After a fault the rest of the text is unread.
pub(crate) fn write_payload<S: Sink>(scanner: &mut Scanner<'_>, sink: &mut S) -> Result<(), Box<PayloadError>> {
    let mut writer = Writer {
        run: scanner.at,
        scanner,
        sink,
        out: Vec::new(),
        members: Vec::with_capacity(16),
        unescaped: String::new(),
        moved: Vec::new(),
        reordered: Vec::new(),
        open_objects: 0,
    };
    writer.value(1)?;
    writer.drain();
    Ok(())
}

/// An object whose members are out of order in the canonical text.
struct Reordered {
    span: Span,
    /// Its members in canonical order, as a range of `Writer::moved`.
    members: Span,
}

/// The canonical text is `out` and then the run, a stretch of the input that is canonical as it stands. Text is copied to
/// `out` only where the input differs from its canonical form: at white space, some escapes and some numbers.
struct Writer<'s, 'a, S> {
    scanner: &'s mut Scanner<'a>,
    sink: &'s mut S,
    out: Vec<u8>,
    /// Where the run starts; it ends at the scanner.
    run: usize,
    /// The members of all open objects, the innermost object's last.
    members: Vec<Member>,
    /// The names that have escapes, resolved.
    unescaped: String,
    moved: Vec<Span>,
    reordered: Vec<Reordered>,
    open_objects: usize,
}

const DRAIN_AT: usize = 16 * 1024;

impl<S: Sink> Writer<'_, '_, S> {
    /// How much canonical text there is.
    #[inline]
    fn written(&self) -> usize {
        self.out.len() + self.scanner.at - self.run
    }

    /// Ends the run before what is not canonical.
    fn end_run(&mut self, at: usize) {
        self.out.extend_from_slice(&self.scanner.text.as_bytes()[self.run..at]);
    }

    #[inline]
    fn skip_space(&mut self) {
        if self.scanner.peek().is_some_and(|byte| byte <= b' ') {
            self.end_run(self.scanner.at);
            self.scanner.skip_space();
            self.run = self.scanner.at;
        }
    }

    #[inline]
    fn string(&mut self) -> Result<StringToken<'_>, SyntaxError> {
        let at = self.scanner.at;
        let token = self.scanner.string()?;
        if !token.is_canonical {
            self.end_run(at);
            write_token(&token, &mut self.out);
            self.run = self.scanner.at;
        }
        Ok(token)
    }

    fn value(&mut self, level: usize) -> Result<(), Box<PayloadError>> {
        match self.scanner.peek() {
            Some(b'"') => {
                self.string()?;
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'[') if level <= MAX_DEPTH => self.array(level),
            Some(b'{') if level <= MAX_DEPTH => {
                self.open_objects += 1;
                self.object(level)?;
                self.open_objects -= 1;
                Ok(())
            }
            Some(b'[' | b'{') => Err(fault(FaultKind::TooDeep, self.scanner.at)),
            _ => {
                self.scanner.literal()?;
                Ok(())
            }
        }
    }

    #[inline]
    fn number(&mut self) -> Result<(), Box<PayloadError>> {
        let at = self.scanner.at;
        let token = self.scanner.number()?;
        if !is_canonical(&token) {
            self.end_run(at);
            write_number(&token, &mut self.out).map_err(|_| fault(FaultKind::NumberOutOfRange, at))?;
            self.run = self.scanner.at;
        }
        Ok(())
    }

    fn array(&mut self, level: usize) -> Result<(), Box<PayloadError>> {
        self.scanner.at += 1;
        self.skip_space();
        if self.scanner.take(b']') {
            return Ok(());
        }
        let mut index = 0_usize;
        loop {
            self.value(level + 1).map_err(|error| within(error, || index.to_string()))?;
            // An open object may yet have to be sorted; everything else can go.
            if self.open_objects == 0 && self.written() > DRAIN_AT {
                self.drain();
            }
            self.skip_space();
            if self.scanner.take(b']') {
                return Ok(());
            }
            if !self.scanner.take(b',') {
                return Ok(self.scanner.error(AFTER_ELEMENT)?);
            }
            self.skip_space();
            index += 1;
        }
    }

    fn object(&mut self, level: usize) -> Result<(), Box<PayloadError>> {
        let start = self.written();
        let first_member = self.members.len();
        self.scanner.at += 1;
        self.skip_space();
        if self.scanner.take(b'}') {
            return Ok(());
        }
        let mut sorted = true;
        loop {
            sorted &= self.member(first_member, level)?;
            self.skip_space();
            if self.scanner.take(b'}') {
                break;
            }
            if !self.scanner.take(b',') {
                return Ok(self.scanner.error(AFTER_MEMBER)?);
            }
            self.skip_space();
        }
        if !sorted {
            self.reorder(first_member, Span::new(start, self.written()))?;
        }
        self.members.truncate(first_member);
        Ok(())
    }

    /// Whether the member's name comes after the one before it.
    fn member(&mut self, first_member: usize, level: usize) -> Result<bool, Box<PayloadError>> {
        if self.scanner.peek() != Some(b'"') {
            return Ok(self.scanner.error(NAME_EXPECTED)?);
        }
        let name_at = self.scanner.at;
        let start = self.written();
        let token = self.string()?;
        let name = if token.has_escapes {
            self.unescape(name_at)
        } else {
            Name::written(self.scanner.text, name_at, self.scanner.at)
        };
        self.skip_space();
        if !self.scanner.take(b':') {
            return Ok(self.scanner.error(COLON_EXPECTED)?);
        }
        self.skip_space();

        let names = Names { text: self.scanner.text, unescaped: &self.unescaped };
        let in_order = match self.members[first_member..].last() {
            Some(before) => names.compare(&before.name, &name).is_lt(),
            None => true,
        };
        let place = self.members.len();
        self.members.push(Member { name, name_at: name_at as u32, written: Span::new(start, start) });
        if let Err(error) = self.value(level + 1) {
            return Err(self.explain(error, first_member, place));
        }
        self.members[place].written.end = self.written() as u32;
        Ok(in_order)
    }

    #[cold]
    fn unescape(&mut self, name_at: usize) -> Name {
        let inside = &self.scanner.text[name_at + 1..self.scanner.at - 1];
        let start = self.unescaped.len();
        unescape_into(inside, &mut self.unescaped);
        Name::unescaped(&self.unescaped, start)
    }

    fn names(&self) -> Names<'_> {
        Names { text: self.scanner.text, unescaped: &self.unescaped }
    }

    /// A problem inside a member's value. A name repeated earlier in this object comes first in the document.
    #[cold]
    fn explain(&self, error: Box<PayloadError>, first_member: usize, place: usize) -> Box<PayloadError> {
        if let PayloadError::Syntax(_) = *error {
            return error;
        }
        let mut members = self.members[first_member..=place].to_vec();
        match self.names().sort(&mut members) {
            Some(repeated) => self.repeated(&repeated),
            None => within(error, || self.names().text(&self.members[place].name).to_owned()),
        }
    }

    #[cold]
    fn repeated(&self, member: &Member) -> Box<PayloadError> {
        let path = vec![self.names().text(&member.name).to_owned()];
        Box::new(PayloadError::Fault(Fault { kind: FaultKind::DuplicateKey, at: member.name_at as usize, path }))
    }

    /// Notes the canonical order of the object that was just closed.
    fn reorder(&mut self, first_member: usize, span: Span) -> Result<(), Box<PayloadError>> {
        let names = Names { text: self.scanner.text, unescaped: &self.unescaped };
        if let Some(repeated) = names.sort(&mut self.members[first_member..]) {
            return Err(self.repeated(&repeated));
        }
        let start = self.moved.len();
        self.moved.extend(self.members[first_member..].iter().map(|member| member.written));
        self.reordered.push(Reordered { span, members: Span::new(start, self.moved.len()) });
        Ok(())
    }

    /// Hands the canonical text to the sink, objects in canonical order.
    fn drain(&mut self) {
        let run = &self.scanner.text.as_bytes()[self.run..self.scanner.at];
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
            text.read_out(Span::new(0, written.len()), &self.reordered, &mut pieces);
            pieces.flush();
        }
        self.run = self.scanner.at;
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

/// Canonical text but for the order of members.
struct Text<'t> {
    written: &'t [u8],
    moved: &'t [Span],
}

impl Text<'_> {
    /// Writes `span`; `objects` are the reordered ones within it, by start. Recurses at most once a level.
    fn read_out<S: Sink>(&self, span: Span, objects: &[Reordered], pieces: &mut Pieces<'_, S>) {
        let mut at = span.start as usize;
        let mut rest = objects;
        while let Some((object, inside)) = rest.split_first() {
            pieces.write(&self.written[at..object.span.start as usize]);
            let count = inside.partition_point(|other| other.span.start < object.span.end);
            let (inside, after) = inside.split_at(count);
            pieces.write(b"{");
            for (index, member) in self.moved[object.members.range()].iter().enumerate() {
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
            at = object.span.end as usize;
            rest = after;
        }
        pieces.write(&self.written[at..span.end as usize]);
    }
}

#[cold]
fn fault(kind: FaultKind, at: usize) -> Box<PayloadError> {
    Box::new(PayloadError::Fault(Fault { kind, at, path: Vec::new() }))
}

#[cold]
fn within(mut error: Box<PayloadError>, segment: impl FnOnce() -> String) -> Box<PayloadError> {
    match &mut *error {
        PayloadError::Syntax(_) => {}
        PayloadError::Fault(fault) => fault.path.push(segment()),
    }
    error
}

/// Appends a string token in canonical form.
fn write_token(token: &StringToken<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = token.inside;
    while let Some(backslash) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..backslash]);
        // INVARIANT: a token's escapes were read once when it was scanned.
        let Ok(escape) = escape(&rest.as_bytes()[backslash..]) else { return };
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
