//! How `source` and `event_type` are written in a raw object's key (`docs/contract.md`, section 6).

/// The most bytes `source` and `event_type` may take as written in a key.
pub const MAX_PARTITION_BYTES: usize = 240;

const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";
const HIVE_NULL_ESCAPED: &str = "%5F_HIVE_DEFAULT_PARTITION__";

fn stands_as_it_is(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') || !byte.is_ascii()
}

/// Appends a value as it is written in a key.
pub(crate) fn escape(value: &str, out: &mut String) {
    if value == HIVE_NULL {
        out.push_str(HIVE_NULL_ESCAPED);
        return;
    }
    for character in value.chars() {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() && !stands_as_it_is(byte) => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                out.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
            _ => out.push(character),
        }
    }
}

/// How many bytes a value takes as written in a key.
pub(crate) fn escaped_len(value: &str) -> usize {
    if value == HIVE_NULL {
        return HIVE_NULL_ESCAPED.len();
    }
    let escapes = value.bytes().filter(|byte| !stands_as_it_is(*byte)).count();
    value.len() + 2 * escapes
}

/// The value that is written so, if it is one that a key may have.
pub(crate) fn unescape(written: &str) -> Option<String> {
    let mut value = Vec::with_capacity(written.len());
    let mut bytes = written.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            value.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        value.push((high << 4 | low) as u8);
    }
    let value = String::from_utf8(value).ok()?;
    // One value has one spelling: `%41` for `A` would be a second key for the same partition.
    let mut again = String::with_capacity(written.len());
    escape(&value, &mut again);
    (again == written && !value.is_empty() && written.len() <= MAX_PARTITION_BYTES).then_some(value)
}
