//! How a column spells times, told or recognised.

use std::str::FromStr;

use super::serial::Epoch;

/// How a column spells times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// A number of units since 1970. A unit is 10 to the power of `nanosecond_digits` nanoseconds.
    Since1970 { nanosecond_digits: usize },
    /// A day's number with the day's fraction.
    Spreadsheet(Epoch),
    /// A pattern of `strptime`.
    Pattern(String),
}

impl FromStr for TimeFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "epoch-s" => Ok(Self::Since1970 { nanosecond_digits: 9 }),
            "epoch-ms" => Ok(Self::Since1970 { nanosecond_digits: 6 }),
            "epoch-us" => Ok(Self::Since1970 { nanosecond_digits: 3 }),
            "epoch-ns" => Ok(Self::Since1970 { nanosecond_digits: 0 }),
            "excel" => Ok(Self::Spreadsheet(Epoch::Of1900)),
            "excel-1904" => Ok(Self::Spreadsheet(Epoch::Of1904)),
            pattern if pattern.contains('%') => Ok(Self::Pattern(pattern.to_owned())),
            _ => {
                Err("write `epoch-s`, `epoch-ms`, `epoch-us`, `epoch-ns`, `excel`, `excel-1904`, or a pattern such as \
                      `%d.%m.%Y %H:%M`"
                    .to_owned())
            }
        }
    }
}

/// A usual spelling, known by its look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// One that means one time, or one local time.
    Sure(TimeFormat, &'static str),
    /// One that is not read unless it is told; the text says what it is and how to tell.
    Told(&'static str),
}

impl Shape {
    /// None for ISO 8601 and what is unknown.
    pub(super) fn of(text: &str) -> Option<Self> {
        let sure = |digits, name| Some(Self::Sure(TimeFormat::Since1970 { nanosecond_digits: digits }, name));
        let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits(whole) && fraction.is_none_or(is_digits) {
            // In these years each unit has a length of its own.
            return match (whole.len(), fraction) {
                (10, _) => sure(9, "seconds since 1970"),
                (13, _) => sure(6, "milliseconds since 1970"),
                (16, _) => sure(3, "microseconds since 1970"),
                (19, None) => sure(0, "nanoseconds since 1970"),
                (5, Some(_)) => Some(Self::Sure(TimeFormat::Spreadsheet(Epoch::Of1900), "a serial number of Excel")),
                (5, None) => Some(Self::Told(
                    "looks like a day's serial number of Excel; if its midnight is meant, say `--time-format excel`",
                )),
                (8 | 14, None) => Some(Self::Told(
                    "looks like a date without separators; say `--time-format '%Y%m%d%H%M%S'` or `'%Y%m%d'`",
                )),
                _ => Some(Self::Told(
                    "is a number, of seconds or of something else; say with `--time-format epoch-s`, `epoch-ms`, \
                     `epoch-us`, `epoch-ns`, `excel` or `excel-1904`",
                )),
            };
        }
        if whole.strip_prefix('-').is_some_and(is_digits) && fraction.is_none_or(is_digits) {
            return Some(Self::Told(
                "is a negative number, as times before 1970 are; say its unit with `--time-format epoch-s`, `epoch-ms`, \
                 `epoch-us` or `epoch-ns`",
            ));
        }
        let date = text.split_once([' ', 'T']).map_or(text, |(date, _)| date);
        let parts = |separator| {
            let lengths: Option<Vec<usize>> =
                date.split(separator).map(|part| is_digits(part).then_some(part.len())).collect();
            lengths.unwrap_or_default()
        };
        match (parts('/').as_slice(), parts('.').as_slice(), parts('-').as_slice()) {
            ([1 | 2, 1 | 2, 2 | 4], _, _) => Some(Self::Told(
                "is a date with slashes; whether the month or the day comes first would be a guess; say \
                 `--time-format '%m/%d/%Y %H:%M'` (US) or `'%d/%m/%Y %H:%M'`, with `:%S` if there are seconds",
            )),
            (_, [1 | 2, 1 | 2, 2 | 4], _) => Some(Self::Told(
                "is a date with dots; say `--time-format '%d.%m.%Y %H:%M'`, with `:%S` if there are seconds",
            )),
            (_, _, [4, 2, 2]) if date.len() == text.len() => Some(Self::Told(
                "is a date alone; if its midnight is meant, say `--time-format '%Y-%m-%d'` and `--time-zone`",
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_known_by_its_look_or_must_be_told() {
        let named = |text: &str| match Shape::of(text) {
            Some(Shape::Sure(_, name)) => name.to_owned(),
            Some(Shape::Told(what)) => format!("? {}", what.split([';', ',']).next().unwrap()),
            None => "-".to_owned(),
        };
        for (text, expected) in [
            ("1791972000", "seconds since 1970"),
            ("1791972000.25", "seconds since 1970"),
            ("1791972000000", "milliseconds since 1970"),
            ("1791972000000000", "microseconds since 1970"),
            ("1791972000000000000", "nanoseconds since 1970"),
            ("46309.4166666667", "a serial number of Excel"),
            ("46309", "? looks like a day's serial number of Excel"),
            ("999999999", "? is a number"),
            ("-86400", "? is a negative number"),
            ("-86400.5", "? is a negative number"),
            ("-86400-", "-"),
            ("20261014", "? looks like a date without separators"),
            ("10/14/2026 10:00", "? is a date with slashes"),
            ("1/2/26", "? is a date with slashes"),
            ("14.10.2026", "? is a date with dots"),
            ("2026-10-14", "? is a date alone"),
            ("2026-10-14 10:00:00", "-"),
            ("2026-10-14T10:00:00Z", "-"),
            ("1791972000.", "-"),
            ("", "-"),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
    }
}
