//! Lags as people write them.

use core::fmt;

/// A text that is no lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLagError;

impl fmt::Display for ParseLagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a lag; write a whole number with a unit, such as 500ms, 90s, 15m, 1h, 2d or -1m")
    }
}

impl core::error::Error for ParseLagError {}

/// The milliseconds of a lag: a whole number of `ms`, `s`, `m`, `h` or `d`. Without a unit it is milliseconds.
///
/// ```
/// use pik_core::parse_lag;
///
/// assert_eq!(["1h", "2d", "-90s", "250"].map(|text| parse_lag(text).unwrap()), [3_600_000, 172_800_000, -90_000, 250]);
/// assert!(["", "h", "1.5h", "1 h", "1w", "99999999999999d"].iter().all(|text| parse_lag(text).is_err()));
/// ```
pub fn parse_lag(text: &str) -> Result<i64, ParseLagError> {
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(ParseLagError),
    };
    let number: i64 = digits.parse().map_err(|_| ParseLagError)?;
    number.checked_mul(unit).ok_or(ParseLagError)
}
