//! Event time, ingest time and the lag between them (`docs/contract.md`, sections 3 and 5).

use core::fmt;
use core::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Code;

const FIRST_SECOND: i64 = -62_135_596_800; // 0001-01-01T00:00:00Z
const LAST_SECOND: i64 = 253_402_300_799; // 9999-12-31T23:59:59Z

const IN_RANGE: &str = "times are of the years 0001 to 9999, which the calendar has";

/// When an event happened: a UTC instant of the years 0001–9999, in nanoseconds.
///
/// ```
/// use pik_core::EventTime;
///
/// let time: EventTime = "2025-12-29 01:59:59.500+02:00".parse()?;
/// assert_eq!(time.to_string(), "2025-12-28T23:59:59.5Z");
/// assert_eq!(time, "20251228T235959.5Z".parse()?);
/// assert!("2025-12-28T23:59:59".parse::<EventTime>().is_err());
/// # Ok::<(), pik_core::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime {
    seconds: i64,
    nanoseconds: u32,
}

/// Why a text is not an event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeError {
    /// Not one of the accepted forms, or a day or hour that does not exist.
    Invalid,
    /// A date and a time, and no UTC offset.
    MissingOffset,
    /// Ten or more fraction digits.
    TooPrecise,
    /// The written year is 0000, or the UTC year is not 0001–9999.
    OutOfRange,
}

impl TimeError {
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Invalid => Code::InvalidTime,
            Self::MissingOffset => Code::MissingOffset,
            Self::TooPrecise => Code::TimeTooPrecise,
            Self::OutOfRange => Code::TimeOutOfRange,
        }
    }
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => {
                "not a date and time that exists; write ISO 8601 with a UTC offset, such as 2025-12-28T23:59:59Z"
            }
            Self::MissingOffset => "the UTC offset is missing and would be a guess; add Z or an offset such as +02:00",
            Self::TooPrecise => "the fraction has more than 9 digits; write nanoseconds or less",
            Self::OutOfRange => "the year is outside 0001 to 9999 in UTC; write a time within these years",
        })
    }
}

impl core::error::Error for TimeError {}

impl EventTime {
    /// Seconds since 1970-01-01T00:00:00Z, negative before.
    pub const fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    pub const fn subsecond_nanoseconds(&self) -> u32 {
        self.nanoseconds
    }

    /// The instant `seconds` and `nanoseconds` after 1970-01-01T00:00:00Z, if its year is 0001–9999.
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let fits = (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && nanoseconds < 1_000_000_000;
        fits.then_some(Self { seconds, nanoseconds })
    }

    /// The canonical form, `YYYY-MM-DDThh:mm:ss[.f]Z`, fraction without trailing zeros.
    pub fn canonical(&self) -> TimeText {
        let mut text = TimeText::of_seconds(self.seconds);
        if self.nanoseconds > 0 {
            let mut fraction = self.nanoseconds;
            let mut digits = 9;
            while fraction.is_multiple_of(10) {
                fraction /= 10;
                digits -= 1;
            }
            text.push_fraction(fraction, digits);
        }
        text.push_z();
        text
    }

    /// A form of fixed width, whose order as text is the order in time: always nine decimals.
    ///
    /// ```
    /// let time: pik_core::EventTime = "2025-12-28T23:59:59.5Z".parse()?;
    /// assert_eq!(time.sort_key().as_str(), "2025-12-28T23:59:59.500000000Z");
    /// # Ok::<(), pik_core::TimeError>(())
    /// ```
    pub fn sort_key(&self) -> TimeText {
        let mut text = TimeText::of_seconds(self.seconds);
        text.push_fraction(self.nanoseconds, 9);
        text.push_z();
        text
    }

    /// The UTC date, `YYYY-MM-DD`.
    pub fn date(&self) -> TimeText {
        TimeText::of_seconds(self.seconds).cut(0, 10)
    }

    /// The UTC hour, `hh`.
    pub fn hour(&self) -> TimeText {
        TimeText::of_seconds(self.seconds).cut(11, 13)
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical())
    }
}

impl FromStr for EventTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse(text.as_bytes())
    }
}

impl Serialize for EventTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.canonical())
    }
}

impl<'de> Deserialize<'de> for EventTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// When a body was received: one reading of a host's UTC clock, in milliseconds.
///
/// ```
/// use pik_core::{EventTime, IngestTime};
///
/// let arrived: IngestTime = "2025-12-29T20:15:35.580Z".parse()?;
/// let happened: EventTime = "2025-12-28T23:59:59Z".parse()?;
/// assert_eq!(arrived.lag_ms(&happened), 72_936_580);
/// # Ok::<(), pik_core::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IngestTime {
    milliseconds: i64,
}

impl IngestTime {
    /// The first time there is, `0001-01-01T00:00:00.000Z`.
    pub const FIRST: Self = Self { milliseconds: FIRST_SECOND * 1000 };

    /// The reading `milliseconds` after 1970-01-01T00:00:00Z, if its year is 0001–9999.
    pub fn from_unix_ms(milliseconds: i64) -> Option<Self> {
        let fits = (FIRST_SECOND * 1000..=LAST_SECOND * 1000 + 999).contains(&milliseconds);
        fits.then_some(Self { milliseconds })
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_ms(&self) -> i64 {
        self.milliseconds
    }

    /// The UTC date, `YYYY-MM-DD`.
    pub fn date(&self) -> TimeText {
        TimeText::of_seconds(self.milliseconds.div_euclid(1000)).cut(0, 10)
    }

    /// How late the event arrived, in milliseconds rounded down; negative when it claims to be from the future.
    pub fn lag_ms(&self, event_time: &EventTime) -> i64 {
        let started_ms = i64::from(event_time.nanoseconds.div_ceil(1_000_000));
        self.milliseconds - event_time.seconds * 1000 - started_ms
    }

    /// The printed form, always with three decimals: its order as text is the order in time.
    pub fn text(&self) -> TimeText {
        let mut text = TimeText::of_seconds(self.milliseconds.div_euclid(1000));
        text.push_fraction(self.milliseconds.rem_euclid(1000) as u32, 3);
        text.push_z();
        text
    }
}

impl fmt::Display for IngestTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl FromStr for IngestTime {
    type Err = TimeError;

    /// Reads what event times accept; digits below the millisecond are cut off.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let time = parse(text.as_bytes())?;
        let milliseconds = time.seconds * 1000 + i64::from(time.nanoseconds / 1_000_000);
        Ok(Self { milliseconds })
    }
}

impl Serialize for IngestTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for IngestTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// A printed time or a part of one, without an allocation. Derefs to `str`.
#[derive(Clone, Copy)]
pub struct TimeText {
    bytes: [u8; 30],
    len: u8,
}

impl TimeText {
    fn of_seconds(seconds: i64) -> Self {
        let mut text = Self { bytes: *b"0000-00-00T00:00:00           ", len: 19 };
        let time: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).expect(IN_RANGE);
        text.put(0, 4, time.year().unsigned_abs());
        text.put(5, 2, time.month());
        text.put(8, 2, time.day());
        text.put(11, 2, time.hour());
        text.put(14, 2, time.minute());
        text.put(17, 2, time.second());
        text
    }

    fn put(&mut self, at: usize, width: usize, mut value: u32) {
        for place in self.bytes[at..at + width].iter_mut().rev() {
            *place = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }

    fn push_fraction(&mut self, fraction: u32, digits: usize) {
        let at = usize::from(self.len);
        self.bytes[at] = b'.';
        self.put(at + 1, digits, fraction);
        self.len += 1 + digits as u8;
    }

    fn push_z(&mut self) {
        self.bytes[usize::from(self.len)] = b'Z';
        self.len += 1;
    }

    fn cut(mut self, from: usize, to: usize) -> Self {
        self.bytes.copy_within(from..to, 0);
        self.len = (to - from) as u8;
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("a printed time is ASCII")
    }
}

impl core::ops::Deref for TimeText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for TimeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for TimeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Walks the text from left to right, so the first fault met is the leftmost.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn digits(&mut self, count: usize) -> Result<u32, TimeError> {
        let mut value = 0;
        for _ in 0..count {
            match self.rest {
                [digit @ b'0'..=b'9', rest @ ..] => {
                    value = value * 10 + u32::from(digit - b'0');
                    self.rest = rest;
                }
                _ => return Err(TimeError::Invalid),
            }
        }
        Ok(value)
    }

    fn at_most(&mut self, limit: u32) -> Result<u32, TimeError> {
        let before = self.rest;
        let value = self.digits(2)?;
        if value <= limit {
            return Ok(value);
        }
        // Where reading stopped is at the number that is too large, not behind it.
        self.rest = before;
        Err(TimeError::Invalid)
    }

    fn take(&mut self, wanted: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, wanted: u8) -> Result<(), TimeError> {
        if self.take(wanted) { Ok(()) } else { Err(TimeError::Invalid) }
    }

    fn starts_with_digit(&self) -> bool {
        self.rest.first().is_some_and(u8::is_ascii_digit)
    }
}

fn parse(text: &[u8]) -> Result<EventTime, TimeError> {
    read(&mut Cursor { rest: text })
}

/// How many bytes of a text were read before the fault; all of them when only the whole shows it.
pub(crate) fn read_before_fault(text: &str) -> usize {
    let mut cursor = Cursor { rest: text.as_bytes() };
    // The caller has the error already.
    let _ = read(&mut cursor);
    text.len() - cursor.rest.len()
}

fn read(cursor: &mut Cursor<'_>) -> Result<EventTime, TimeError> {
    let year = cursor.digits(4)?;
    if year == 0 {
        return Err(TimeError::OutOfRange);
    }
    let extended = cursor.take(b'-');
    let month = cursor.digits(2)?;
    if !(1..=12).contains(&month) {
        return Err(TimeError::Invalid);
    }
    if extended {
        cursor.expect(b'-')?;
    }
    let day = cursor.digits(2)?;
    let date = NaiveDate::from_ymd_opt(year as i32, month, day).ok_or(TimeError::Invalid)?;

    if !(cursor.take(b'T') || cursor.take(b't') || cursor.take(b' ')) {
        return Err(TimeError::Invalid);
    }

    let hour = cursor.at_most(23)?;
    if extended {
        cursor.expect(b':')?;
    }
    let minute = cursor.at_most(59)?;
    let mut second = 0;
    let mut nanoseconds = 0;
    let has_seconds = if extended { cursor.take(b':') } else { cursor.starts_with_digit() };
    if has_seconds {
        second = cursor.at_most(60)?;
        if cursor.take(b'.') || cursor.take(b',') {
            nanoseconds = fraction(cursor)?;
        }
    }

    if cursor.rest.is_empty() {
        return Err(TimeError::MissingOffset);
    }
    let offset_minutes = offset(cursor)?;
    if !cursor.rest.is_empty() {
        return Err(TimeError::Invalid);
    }

    let leap = second == 60;
    let second_of_day = hour * 3600 + minute * 60 + if leap { 59 } else { second };
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    let mut seconds = midnight + i64::from(second_of_day) - i64::from(offset_minutes) * 60;
    if leap {
        if !ends_half_year(seconds) {
            return Err(TimeError::Invalid);
        }
        seconds += 1;
    }
    EventTime::from_unix(seconds, nanoseconds).ok_or(TimeError::OutOfRange)
}

fn fraction(cursor: &mut Cursor<'_>) -> Result<u32, TimeError> {
    let mut value = cursor.digits(1)?;
    let mut digits = 1;
    while cursor.starts_with_digit() {
        if digits == 9 {
            return Err(TimeError::TooPrecise);
        }
        value = value * 10 + cursor.digits(1)?;
        digits += 1;
    }
    Ok(value * 10_u32.pow(9 - digits))
}

fn offset(cursor: &mut Cursor<'_>) -> Result<i32, TimeError> {
    if cursor.take(b'Z') || cursor.take(b'z') {
        return Ok(0);
    }
    let sign = if cursor.take(b'+') {
        1
    } else if cursor.take(b'-') {
        -1
    } else {
        return Err(TimeError::Invalid);
    };
    let hours = cursor.at_most(23)?;
    let minutes = if cursor.take(b':') || cursor.starts_with_digit() { cursor.at_most(59)? } else { 0 };
    Ok(sign * (hours * 60 + minutes) as i32)
}

// A leap second can only follow 23:59:59 UTC on 30 June or 31 December.
fn ends_half_year(seconds: i64) -> bool {
    let time: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).expect(IN_RANGE);
    seconds.rem_euclid(86_400) == 86_399 && matches!((time.month(), time.day()), (6, 30) | (12, 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_end_with_their_years_and_seconds() {
        assert!(EventTime::from_unix(LAST_SECOND, 999_999_999).is_some());
        assert_eq!(EventTime::from_unix(0, 1_000_000_000), None);
        assert_eq!(EventTime::from_unix(LAST_SECOND + 1, 0), None);
        assert_eq!(EventTime::from_unix(FIRST_SECOND - 1, 0), None);
        let last = IngestTime::from_unix_ms(LAST_SECOND * 1000 + 999).unwrap();
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(IngestTime::from_unix_ms(last.unix_ms() + 1), None);
        assert_eq!(IngestTime::from_unix_ms(IngestTime::FIRST.unix_ms() - 1), None);
    }

    #[test]
    fn a_printed_time_is_a_text() {
        let date = IngestTime::FIRST.date();
        assert_eq!((format!("{date}"), format!("{date:?}")), ("0001-01-01".to_owned(), "\"0001-01-01\"".to_owned()));
    }
}
