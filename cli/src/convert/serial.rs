//! Numbers that are times: since 1970, and the days of spreadsheets. Never through a float.

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, Span, Timestamp};

const OUTSIDE: &str = "is outside the years that can be written";
const DAY_MS: i128 = 86_400_000;

/// A decimal without an exponent: its whole part, and the digits behind the point.
fn decimal(text: &str) -> Option<(i64, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole.strip_prefix('-').unwrap_or(whole)) || !is_digits(fraction) {
        return None;
    }
    Some((whole.parse().ok()?, fraction))
}

/// Reads a number of seconds, milliseconds, microseconds or nanoseconds since 1970. A unit is 10 to the power of
/// `nanosecond_digits` nanoseconds.
pub(super) fn since_1970(text: &str, nanosecond_digits: usize) -> Result<Timestamp, String> {
    let Some((whole, fraction)) = decimal(text) else {
        return Err("is no number of seconds, ms, µs or ns since 1970".to_owned());
    };
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > nanosecond_digits {
        return Err("has more digits than nanoseconds".to_owned());
    }
    let part: i128 = format!("{fraction:0<nanosecond_digits$}").parse().unwrap_or(0);
    let part = if text.starts_with('-') { -part } else { part };
    let nanoseconds = i128::from(whole) * 10_i128.pow(nanosecond_digits as u32) + part;
    Timestamp::from_nanosecond(nanoseconds).map_err(|_| OUTSIDE.to_owned())
}

/// The first day of a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Epoch {
    /// Day 1 is 1 January 1900, and day 60 is 29 February 1900, which was none.
    Of1900,
    /// Day 0 is 1 January 1904.
    Of1904,
}

/// A day's number with the day's fraction, to the millisecond, as a spreadsheet shows it.
pub(super) fn spreadsheet(text: &str, epoch: Epoch) -> Result<DateTime, String> {
    let Some((day, fraction)) = decimal(text).filter(|_| !text.starts_with('-')) else {
        return Err("is no serial number of a spreadsheet, such as `46309.4166666667`".to_owned());
    };
    let first = match (epoch, day) {
        (Epoch::Of1900, 0) => return Err("is day 0 of Excel, which has a time and no date".to_owned()),
        (Epoch::Of1900, 60) => return Err("is 29 February 1900 in Excel, a day that never was".to_owned()),
        (Epoch::Of1900, ..60) => date(1899, 12, 31),
        (Epoch::Of1900, _) => date(1899, 12, 30),
        (Epoch::Of1904, _) => date(1904, 1, 1),
    };
    // Sixteen digits are more than a spreadsheet's number has.
    let digits = &fraction[..fraction.len().min(16)];
    let scale = 10_i128.pow(digits.len() as u32);
    let part: i128 = digits.parse().map_err(|_| OUTSIDE.to_owned())?;
    let milliseconds = (part * DAY_MS + scale / 2) / scale;
    let at = || {
        let midnight = first.checked_add(Span::new().try_days(day).ok()?).ok()?.at(0, 0, 0, 0);
        midnight.checked_add(SignedDuration::from_millis(i64::try_from(milliseconds).ok()?)).ok()
    };
    at().ok_or_else(|| OUTSIDE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_one_that_the_spreadsheet_shows() {
        let cases = [
            ("1", Epoch::Of1900, "1900-01-01T00:00:00"),
            ("59", Epoch::Of1900, "1900-02-28T00:00:00"),
            ("61", Epoch::Of1900, "1900-03-01T00:00:00"),
            ("46309.4166666667", Epoch::Of1900, "2026-10-14T10:00:00"),
            ("46309.41666666666", Epoch::Of1900, "2026-10-14T10:00:00"),
            ("46309.9999999999", Epoch::Of1900, "2026-10-15T00:00:00"),
            ("46309.50000001157407407407407", Epoch::Of1900, "2026-10-14T12:00:00.001"),
            ("0", Epoch::Of1904, "1904-01-01T00:00:00"),
            ("44847.5", Epoch::Of1904, "2026-10-14T12:00:00"),
            ("2958465", Epoch::Of1900, "9999-12-31T00:00:00"),
        ];
        for (text, epoch, expected) in cases {
            assert_eq!(spreadsheet(text, epoch).unwrap().to_string(), expected, "{text}");
        }
        for text in ["0", "0.5", "60", "60.5", "-1", "2958466", "", ".", "1.", "1e5", "9223372036854775808", "NaN"] {
            assert!(spreadsheet(text, Epoch::Of1900).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_since_1970_keeps_its_digits() {
        let cases = [
            ("1791972000", 9, "2026-10-14T10:00:00Z"),
            ("1791972000.1234567890", 9, "2026-10-14T10:00:00.123456789Z"),
            ("-0.5", 9, "1969-12-31T23:59:59.5Z"),
            ("-1.5", 9, "1969-12-31T23:59:58.5Z"),
            ("1791972000001.5", 6, "2026-10-14T10:00:00.0015Z"),
            ("1791972000000000001", 0, "2026-10-14T10:00:00.000000001Z"),
        ];
        for (text, digits, expected) in cases {
            assert_eq!(since_1970(text, digits).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "1e9", "0x10", "1.", ".5", "--1", "1.0000000001", "99999999999999"] {
            assert!(since_1970(text, 9).is_err(), "{text}");
        }
    }
}
