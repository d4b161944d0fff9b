//! JSON tokens (RFC 8259): where strings, numbers and values end. Nothing here recurses over the input.

/// The text is not JSON from `at` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) reason: &'static str,
}

/// A position in a text that is known to be UTF-8.
#[derive(Clone)]
pub(crate) struct Scanner<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

/// A string as it stands in the text, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StringToken<'a> {
    pub(crate) inside: &'a str,
    pub(crate) has_escapes: bool,
    /// Whether the written form is the canonical one.
    pub(crate) is_canonical: bool,
}

/// A number as it stands in the text, in its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberToken<'a> {
    pub(crate) negative: bool,
    pub(crate) integer: &'a [u8],
    pub(crate) fraction: &'a [u8],
    /// With its sign, empty when absent.
    pub(crate) exponent: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn error<T>(&self, reason: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { at: self.at, reason })
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(crate) fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    pub(crate) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// A member's name and the colon after it; the scanner stands behind the colon and white space.
    #[inline]
    pub(crate) fn name(&mut self) -> Result<StringToken<'a>, SyntaxError> {
        if self.peek() != Some(b'"') {
            return self.error(NAME_EXPECTED);
        }
        let name = self.string()?;
        self.skip_space();
        if !self.take(b':') {
            return self.error(COLON_EXPECTED);
        }
        self.skip_space();
        Ok(name)
    }

    /// A string; the scanner stands on its opening quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<StringToken<'a>, SyntaxError> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut has_escapes = false;
        let mut is_canonical = true;
        self.at = start;
        loop {
            self.at += plain_run(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"') => {
                    let inside = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(StringToken { inside, has_escapes, is_canonical });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    if let Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') = bytes.get(self.at + 1) {
                        self.at += 2;
                    } else {
                        // `\/` and `\u…` stand for something else in canonical form, save for a few controls.
                        is_canonical = false;
                        self.at += escape(&bytes[self.at..])
                            .map_err(|reason| SyntaxError { at: self.at, reason })?
                            .written_bytes;
                    }
                }
                Some(_) => return self.error("a control character in a string; write it as an escape such as \\n"),
                None => return self.error("the text ends inside a string; close it with a double quote"),
            }
        }
    }

    /// A number; the scanner stands on its first character.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<NumberToken<'a>, SyntaxError> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let negative = self.take(b'-');
        let integer = self.digits("expected a digit; write numbers such as 0.5 or -1")?;
        if integer.len() > 1 && integer[0] == b'0' {
            self.at = start + usize::from(negative) + 1;
            return self.error("a number with a leading zero; leave the zero out");
        }
        let mut fraction: &[u8] = &[];
        let mut exponent: &[u8] = &[];
        if self.take(b'.') {
            fraction = self.digits("expected a digit after the decimal point")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            let exponent_start = self.at;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits("expected a digit in the exponent")?;
            exponent = &bytes[exponent_start..self.at];
        }
        Ok(NumberToken { negative, integer, fraction, exponent })
    }

    #[inline]
    fn digits(&mut self, otherwise: &'static str) -> Result<&'a [u8], SyntaxError> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = digit_run(rest);
        if count == 0 {
            return self.error(otherwise);
        }
        self.at += count;
        Ok(&rest[..count])
    }

    /// `true`, `false` or `null`; the scanner stands on its first character.
    #[inline]
    pub(crate) fn literal(&mut self) -> Result<&'static str, SyntaxError> {
        for word in ["true", "false", "null"] {
            if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(word);
            }
        }
        match self.peek() {
            Some(_) => self.error("expected a JSON value"),
            None => self.error("the text ends where a JSON value is expected"),
        }
    }

    /// Any value, checked for syntax alone.
    pub(crate) fn skip_value(&mut self) -> Result<(), SyntaxError> {
        // One byte for each open container, so a megabyte of `[` takes a megabyte here and no stack.
        let mut open: Vec<u8> = Vec::new();
        'value: loop {
            self.skip_space();
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                }
                Some(b'[') => {
                    self.at += 1;
                    self.skip_space();
                    if !self.take(b']') {
                        open.push(b'[');
                        continue 'value;
                    }
                }
                Some(b'{') => {
                    self.at += 1;
                    self.skip_space();
                    if !self.take(b'}') {
                        open.push(b'{');
                        self.name()?;
                        continue 'value;
                    }
                }
                _ => {
                    self.literal()?;
                }
            }
            loop {
                let Some(container) = open.last() else { return Ok(()) };
                let in_array = *container == b'[';
                self.skip_space();
                if self.take(b',') {
                    if !in_array {
                        self.skip_space();
                        self.name()?;
                    }
                    continue 'value;
                }
                if !self.take(if in_array { b']' } else { b'}' }) {
                    return if in_array { self.error(AFTER_ELEMENT) } else { self.error(AFTER_MEMBER) };
                }
                open.pop();
            }
        }
    }
}

pub(crate) const NAME_EXPECTED: &str = "expected a member name in double quotes";
pub(crate) const COLON_EXPECTED: &str = "expected `:` after a member name";
pub(crate) const AFTER_ELEMENT: &str = "expected `,` or `]` after an array's element";
pub(crate) const AFTER_MEMBER: &str = "expected `,` or `}` after an object's member";

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// How many bytes at the start are neither a quote, a backslash nor a control character.
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    let mut run = 0;
    // Most strings are short: eight bytes at a time first, then blocks that the compiler turns into vector code.
    for chunk in bytes.chunks_exact(8).take(4) {
        let special = special_bytes(u64::from_le_bytes([
            chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7],
        ]));
        if special != 0 {
            return run + special.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    for block in bytes[run..].chunks_exact(64) {
        let special = block.iter().fold(false, |found, byte| found | is_special(*byte));
        if special {
            break;
        }
        run += 64;
    }
    run + bytes[run..].iter().take_while(|byte| !is_special(**byte)).count()
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// The high bit of each byte that is special; bytes above the lowest special one may be marked wrongly.
#[inline]
fn special_bytes(word: u64) -> u64 {
    let equals = |byte: u8| {
        let difference = word ^ (ONES * byte as u64);
        difference.wrapping_sub(ONES) & !difference
    };
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (equals(b'"') | equals(b'\\') | controls) & HIGHS
}

/// How many bytes at the start are ASCII digits.
#[inline]
fn digit_run(bytes: &[u8]) -> usize {
    let mut run = 0;
    for chunk in bytes.chunks_exact(8) {
        let word = u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]);
        // A digit has high nibble 3 and stays there when 6 is added; other bytes leave it. Carries only run upwards.
        let others =
            ((word & (ONES * 0xf0)) ^ (ONES * 0x30)) | ((word.wrapping_add(ONES * 6) & (ONES * 0xf0)) ^ (ONES * 0x30));
        if others != 0 {
            return run + others.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + bytes[run..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// One escape sequence, or a surrogate pair of two.
pub(crate) struct Escape {
    pub(crate) character: char,
    pub(crate) written_bytes: usize,
}

/// Reads the escape at the start of `bytes`, which begin with a backslash.
pub(crate) fn escape(bytes: &[u8]) -> Result<Escape, &'static str> {
    let short = |character| Ok(Escape { character, written_bytes: 2 });
    match bytes.get(1) {
        Some(b'"') => short('"'),
        Some(b'\\') => short('\\'),
        Some(b'/') => short('/'),
        Some(b'b') => short('\u{8}'),
        Some(b'f') => short('\u{c}'),
        Some(b'n') => short('\n'),
        Some(b'r') => short('\r'),
        Some(b't') => short('\t'),
        Some(b'u') => unicode_escape(bytes),
        _ => Err("an unknown escape in a string; use \\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t or \\u and four digits"),
    }
}

const LONE_SURROGATE: &str = "a lone surrogate escape; write the character itself or both halves of the pair";

fn unicode_escape(bytes: &[u8]) -> Result<Escape, &'static str> {
    const FOUR_DIGITS: &str = "expected four hexadecimal digits after \\u";
    let high = four_hex_digits(bytes.get(2..6)).ok_or(FOUR_DIGITS)?;
    if let Some(character) = char::from_u32(high) {
        return Ok(Escape { character, written_bytes: 6 });
    }
    if high >= 0xdc00 || bytes.get(6..8) != Some(b"\\u") {
        return Err(LONE_SURROGATE);
    }
    let low = four_hex_digits(bytes.get(8..12)).ok_or(FOUR_DIGITS)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err(LONE_SURROGATE);
    }
    let character = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(LONE_SURROGATE)?;
    Ok(Escape { character, written_bytes: 12 })
}

fn four_hex_digits(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

/// Appends the characters of a token's inside to `out`, escapes resolved.
pub(crate) fn unescape_into(inside: &str, out: &mut String) {
    let mut rest = inside;
    while let Some(backslash) = rest.find('\\') {
        out.push_str(&rest[..backslash]);
        // INVARIANT: a token's escapes were read once when it was scanned.
        let Ok(escape) = escape(&rest.as_bytes()[backslash..]) else { return };
        out.push(escape.character);
        rest = &rest[backslash + escape.written_bytes..];
    }
    out.push_str(rest);
}
