//! What to write instead of a text that is no event time. Codes are for programs; this is for people.

use alloc::format;
use alloc::string::{String, ToString};

use crate::TimeError;
use crate::time::read_before_fault;

const WRITE: &str = "write ISO 8601 with a UTC offset, such as 2025-12-28T23:59:59Z";

/// Texts that programs write where a value is missing.
const MISSING: [&str; 8] = ["null", "none", "nil", "nan", "nat", "undefined", "invalid date", "n/a"];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The message for a text and its error: the shape if it is a usual one, and where reading stopped.
pub(crate) fn advice(text: &str, error: TimeError) -> String {
    match error {
        TimeError::MissingOffset | TimeError::TooPrecise | TimeError::OutOfRange => return error.to_string(),
        TimeError::Invalid => {}
    }
    let read = read_before_fault(text);
    if let Some(shape) = shape(text, read) {
        return format!("{shape}; {WRITE}");
    }
    if read == text.len() {
        return format!("the text ends too early, or this second does not exist; {WRITE}");
    }
    // Everything that was read is ASCII.
    format!("not a date and time that exists: reading stopped at character {}; {WRITE}", read + 1)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is one number, as JSON or a spreadsheet writes it.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    is_digits(whole.strip_prefix('-').unwrap_or(whole))
        && is_digits(fraction)
        && is_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
}

fn is_month(text: &str) -> bool {
    MONTHS.iter().any(|month| text.eq_ignore_ascii_case(month))
}

fn shape(text: &str, read: usize) -> Option<&'static str> {
    let rest = &text[read..];
    let dated = text.contains(|char: char| char.is_ascii_digit());
    let starts_with = |names: &[&str]| {
        dated && names.iter().any(|name| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    };
    let next_word = rest.trim_start().split(|char: char| !char.is_alphabetic()).next().unwrap_or_default();
    if text.is_empty() {
        return Some("the text is empty");
    }
    if text.trim() != text {
        return Some("there is white space before or behind the time; leave it out");
    }
    if MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing)) {
        return Some("the text stands for a missing value (null, NaN, undefined)");
    }
    // `20251228` and `20251228235959` are dates.
    if is_number(text) && !(is_digits(text) && matches!(text.len(), 8 | 14)) {
        return Some("a number, as of seconds or milliseconds since 1970; its unit would be a guess");
    }
    if rest.starts_with('[') {
        return Some("a time zone's name in brackets behind the offset; leave it out");
    }
    if starts_with(&WEEKDAYS) {
        return Some(
            "a time that begins with a weekday, as Date.toString() and HTTP write it; toISOString() writes the right form",
        );
    }
    let behind = rest.trim_start_matches([' ', '-', '.', '/']);
    if starts_with(&MONTHS) || (1..=4).contains(&read) && behind.get(..3).is_some_and(is_month) {
        return Some("a date with a month's name; write its number");
    }
    // Reading stops within the year of `28.12.2025` and `10/14/2026`, and behind the year of `2026/10/14`.
    if (1..=4).contains(&read) && rest.starts_with(['/', '.']) {
        return Some("a date with slashes or dots, where day and month would be a guess");
    }
    if (1..4).contains(&read) && rest.starts_with('-') {
        return Some("a date that does not begin with a year of four digits, so that day and month would be a guess");
    }
    if (1..4).contains(&read) && rest.starts_with(':') {
        return Some("a time of day without a date");
    }
    if rest.is_empty() && matches!(read, 8 | 10) {
        return Some("a date without a time of day");
    }
    if ["am", "pm"].iter().any(|half| next_word.eq_ignore_ascii_case(half)) {
        return Some("an hour with AM or PM; hours go from 00 to 23");
    }
    if let Some(zone) = rest.strip_prefix(' ') {
        return Some(match zone.as_bytes() {
            [b'+' | b'-' | b'Z' | b'z', ..] => "a space before the offset; leave it out",
            _ => "a space and a zone's name where the offset is expected",
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_shapes_are_named() {
        let cases = [
            ("", "the text is empty"),
            ("NaN", "missing value"),
            ("Invalid Date", "missing value"),
            ("1766966399", "since 1970"),
            ("1766966399000", "since 1970"),
            ("1766966399.25", "since 1970"),
            ("1.766966399e9", "since 1970"),
            ("-1", "since 1970"),
            ("2025-12-28T23:59:59+01:00[Europe/Paris]", "in brackets"),
            ("2025-12-28T23:59:59 +01:00", "a space before the offset"),
            ("2025-12-28 23:59:59 UTC", "a space and a zone's name"),
            ("2025-12-28T23:59:59Z ", "white space"),
            ("Sun Dec 28 2025 23:59:59 GMT+0100", "weekday"),
            ("10/14/2026", "slashes"),
            ("2026/10/14 10:00", "slashes"),
            ("1/2/2026", "slashes"),
            ("28.12.2025 23:59", "dots"),
            ("28.12.2025", "dots"),
            ("1.2.2026", "dots"),
            ("2025.12.28", "dots"),
            ("2025.12.28 10:00:00", "dots"),
            ("2025/12/28", "slashes"),
            ("28/12/2025", "slashes"),
            ("12/28/25 10:00 PM", "slashes"),
            ("12-28-2025", "a year of four digits"),
            ("28-12-2025 10:00", "a year of four digits"),
            ("25-12-28", "a year of four digits"),
            ("28-Dec-2025", "a month's name"),
            ("28 Dec 2025 23:59:59 GMT", "a month's name"),
            ("28/Dec/2025:23:59:59 +0100", "a month's name"),
            ("Dec 28, 2025", "a month's name"),
            ("december 28", "a month's name"),
            ("23:59:59", "without a date"),
            ("9:30", "without a date"),
            ("2025-12-28 10:00 AM", "AM or PM"),
            ("2025-12-28 10:00:00pm", "AM or PM"),
            ("2025-12-28 10:00 PM +01:00", "AM or PM"),
            ("2025-12-28 10:00 AMT", "a space and a zone's name"),
            ("Monday", "stopped at character 1"),
            ("marble", "stopped at character 1"),
            ("1.7669e9", "since 1970"),
            ("-1766966", "since 1970"),
            ("2025-12-28 10:00 AEST", "a space and a zone's name"),
            ("1.2.3.4", "dots"),
            ("1e5e5", "stopped at character 2"),
            ("2025-12-28", "without a time of day"),
            ("20251228", "without a time of day"),
            ("2025-02-30T00:00:00Z", "stopped at character 11"),
            ("2025-12-28T25:00:00Z", "stopped at character 12"),
            ("2025-12-28T23:59:59CET", "stopped at character 20"),
            ("2025-12-28T23:59:60+01:00", "does not exist"),
            ("2025-12-28T23:", "ends too early"),
            ("ü", "stopped at character 1"),
        ];
        for (text, expected) in cases {
            let error = text.parse::<crate::EventTime>().unwrap_err();
            assert_eq!(error, TimeError::Invalid, "{text}");
            let advice = advice(text, error);
            assert!(advice.contains(expected), "{text}: {advice}");
            let told = advice.strip_suffix(WRITE).unwrap();
            assert!(text.len() < 4 || !told.contains(text), "a value is never quoted: {advice}");
        }
    }
}
