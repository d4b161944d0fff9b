//! JSON tokens (RFC 8259): where strings, numbers and values end. Nothing here recurses over the input.

/// The text is not JSON from `at` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
    pub(crate) reason: &'static str,
}

/// Boxed, so that a position and its absence travel in registers.
pub(crate) type Scan<T> = Result<T, Box<SyntaxError>>;

#[cold]
pub(crate) fn error<T>(at: usize, reason: &'static str) -> Scan<T> {
    Err(Box::new(SyntaxError { at, reason }))
}

/// How a string token stands to its canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// No escapes: the inside is the string itself.
    None,
    /// Escapes, all of them as canonical JSON writes them.
    Canonical,
    /// Escapes that canonical JSON may write differently.
    Other,
}

/// The end of a string token: the position behind its closing quote.
#[derive(Clone, Copy)]
pub(crate) struct StringEnd {
    pub(crate) at: usize,
    pub(crate) escapes: Escapes,
}

/// A number as it stands in the text, in its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberToken<'a> {
    pub(crate) end: usize,
    pub(crate) negative: bool,
    pub(crate) integer: &'a [u8],
    pub(crate) fraction: &'a [u8],
    /// With its sign, empty when absent.
    pub(crate) exponent: &'a [u8],
}

/// The position of the first byte from `at` on that is not white space.
#[inline(always)]
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The string whose opening quote is at `at`.
#[inline(always)]
pub(crate) fn string(bytes: &[u8], at: usize) -> Scan<StringEnd> {
    let end = at + 1 + plain_run(&bytes[at + 1..]);
    match bytes.get(end) {
        Some(b'"') => Ok(StringEnd { at: end + 1, escapes: Escapes::None }),
        _ => string_with_escapes(bytes, end),
    }
}

/// Goes on with a string from the first byte that is not plain.
fn string_with_escapes(bytes: &[u8], mut at: usize) -> Scan<StringEnd> {
    let mut escapes = Escapes::None;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(StringEnd { at: at + 1, escapes }),
            Some(b'\\') => {
                if let Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') = bytes.get(at + 1) {
                    at += 2;
                    if escapes == Escapes::None {
                        escapes = Escapes::Canonical;
                    }
                } else {
                    match escape(&bytes[at..]) {
                        Ok(escape) => at += escape.written_bytes,
                        Err(reason) => return error(at, reason),
                    }
                    escapes = Escapes::Other;
                }
            }
            Some(_) => return error(at, "a control character in a string; write it as an escape such as \\n"),
            None => return error(at, "the text ends inside a string; close it with a double quote"),
        }
        at += plain_run(&bytes[at..]);
    }
}

/// The number whose first character is at `at`.
#[inline(always)]
pub(crate) fn number(bytes: &[u8], start: usize) -> Scan<NumberToken<'_>> {
    let negative = bytes.get(start) == Some(&b'-');
    let mut end = start + usize::from(negative);
    let integer = digits(bytes, end, "expected a digit; write numbers such as 0.5 or -1")?;
    if integer.len() > 1 && integer[0] == b'0' {
        return error(end + 1, "a number with a leading zero; leave the zero out");
    }
    end += integer.len();
    let mut fraction: &[u8] = &[];
    let mut exponent: &[u8] = &[];
    if let Some(b'.') = bytes.get(end) {
        fraction = digits(bytes, end + 1, "expected a digit after the decimal point")?;
        end += 1 + fraction.len();
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let digits = digits(bytes, end + 1 + sign, "expected a digit in the exponent")?;
        exponent = &bytes[end + 1..end + 1 + sign + digits.len()];
        end += 1 + exponent.len();
    }
    Ok(NumberToken { end, negative, integer, fraction, exponent })
}

#[inline(always)]
fn digits<'a>(bytes: &'a [u8], at: usize, otherwise: &'static str) -> Scan<&'a [u8]> {
    let rest = &bytes[at..];
    let count = digit_run(rest);
    if count == 0 { error(at, otherwise) } else { Ok(&rest[..count]) }
}

/// The position behind the `true`, `false` or `null` at `at`.
#[inline]
pub(crate) fn literal(bytes: &[u8], at: usize) -> Scan<usize> {
    let rest = &bytes[at..];
    match rest {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => Ok(at + 4),
        [b'f', b'a', b'l', b's', b'e', ..] => Ok(at + 5),
        [] => error(at, "the text ends where a JSON value is expected"),
        _ if [&b"NaN"[..], b"Infinity", b"undefined"].iter().any(|name| rest.starts_with(name)) => {
            error(at, "NaN, Infinity and undefined are no JSON; send null, or leave the member out")
        }
        _ => error(at, "expected a JSON value"),
    }
}

/// The member name at `at`; gives its end and where its value starts.
pub(crate) fn name(bytes: &[u8], at: usize) -> Scan<(StringEnd, usize)> {
    if bytes.get(at) != Some(&b'"') {
        return error(at, NAME_EXPECTED);
    }
    let name = string(bytes, at)?;
    let colon = skip_space(bytes, name.at);
    if bytes.get(colon) != Some(&b':') {
        return error(colon, COLON_EXPECTED);
    }
    Ok((name, skip_space(bytes, colon + 1)))
}

/// The position behind the value at `at`, which is checked for syntax alone.
pub(crate) fn skip_value(bytes: &[u8], mut at: usize) -> Scan<usize> {
    // One byte for each open container, so a megabyte of `[` takes a megabyte here and no stack.
    let mut open: Vec<u8> = Vec::new();
    'value: loop {
        at = skip_space(bytes, at);
        match bytes.get(at) {
            Some(b'"') => at = string(bytes, at)?.at,
            Some(b'-' | b'0'..=b'9') => at = number(bytes, at)?.end,
            Some(b'[') => {
                at = skip_space(bytes, at + 1);
                if bytes.get(at) != Some(&b']') {
                    open.push(b']');
                    continue 'value;
                }
                at += 1;
            }
            Some(b'{') => {
                at = skip_space(bytes, at + 1);
                if bytes.get(at) != Some(&b'}') {
                    open.push(b'}');
                    at = name(bytes, at)?.1;
                    continue 'value;
                }
                at += 1;
            }
            _ => at = literal(bytes, at)?,
        }
        while let Some(closing) = open.last() {
            at = skip_space(bytes, at);
            match bytes.get(at) {
                Some(b',') if *closing == b']' => {
                    at += 1;
                    continue 'value;
                }
                Some(b',') => {
                    at = name(bytes, skip_space(bytes, at + 1))?.1;
                    continue 'value;
                }
                Some(byte) if byte == closing => {
                    at += 1;
                    open.pop();
                }
                _ => return error(at, if *closing == b']' { AFTER_ELEMENT } else { AFTER_MEMBER }),
            }
        }
        return Ok(at);
    }
}

pub(crate) const NAME_EXPECTED: &str = "expected a member name in double quotes";
pub(crate) const COLON_EXPECTED: &str = "expected `:` after a member name";
pub(crate) const AFTER_ELEMENT: &str = "expected `,` or `]` after an array's element";
pub(crate) const AFTER_MEMBER: &str = "expected `,` or `}` after an object's member";

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES << 7;

/// How many bytes at the start are neither a quote, a backslash nor a control character.
#[inline(always)]
fn plain_run(bytes: &[u8]) -> usize {
    // Most strings are short: eight bytes at once decide.
    if let Some(eight) = bytes.first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            return special.trailing_zeros() as usize / 8;
        }
    }
    long_plain_run(bytes)
}

fn long_plain_run(bytes: &[u8]) -> usize {
    let mut run = 0;
    for eight in bytes.as_chunks::<8>().0.iter().take(4) {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            return run + special.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    // Blocks that the compiler turns into vector code.
    for block in bytes[run..].as_chunks::<64>().0 {
        if block.iter().fold(false, |found, byte| found | is_special(*byte)) {
            break;
        }
        run += 64;
    }
    for eight in bytes[run..].as_chunks::<8>().0 {
        let special = special_bytes(u64::from_le_bytes(*eight));
        if special != 0 {
            return run + special.trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run + bytes[run..].iter().take_while(|byte| !is_special(**byte)).count()
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// The high bit of each byte that is special; bytes above the lowest special one may be marked wrongly.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    let equals = |byte: u8| {
        let difference = word ^ (ONES * byte as u64);
        difference.wrapping_sub(ONES) & !difference
    };
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (equals(b'"') | equals(b'\\') | controls) & HIGHS
}

/// How many bytes at the start are ASCII digits.
#[inline(always)]
fn digit_run(bytes: &[u8]) -> usize {
    let mut run = 0;
    for eight in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*eight);
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
        let escape = escape(&rest.as_bytes()[backslash..]).expect("a token's escapes were read when it was scanned");
        out.push(escape.character);
        rest = &rest[backslash + escape.written_bytes..];
    }
    out.push_str(rest);
}
