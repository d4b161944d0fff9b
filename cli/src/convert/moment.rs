//! Times as tables spell them, as times with an offset.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

const SECOND_60: &str = "has a second of 60, which only ISO 8601 with an offset may have";

/// How a column spells times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    Seconds,
    Milliseconds,
    Microseconds,
    /// A pattern of `strptime`.
    Pattern(String),
}

impl FromStr for TimeFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "epoch-s" => Ok(Self::Seconds),
            "epoch-ms" => Ok(Self::Milliseconds),
            "epoch-us" => Ok(Self::Microseconds),
            pattern if pattern.contains('%') => Ok(Self::Pattern(pattern.to_owned())),
            _ => Err("write `epoch-s`, `epoch-ms`, `epoch-us`, or a pattern such as `%d.%m.%Y %H:%M`".to_owned()),
        }
    }
}

/// Which of the two hours is meant when clocks were set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OnAmbiguous {
    /// The row is refused
    Error,
    /// The first of the two
    Earlier,
    /// The second of the two
    Later,
}

/// What is needed to read the times of a column.
#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) format: Option<TimeFormat>,
    pub(crate) zone: Option<TimeZone>,
    pub(crate) on_ambiguous: OnAmbiguous,
}

impl Moments {
    /// The time with its offset; a text that has one stays as it is.
    pub(crate) fn read(&self, text: &str) -> Result<String, String> {
        match &self.format {
            None => self.usual(text),
            Some(TimeFormat::Seconds) => epoch(text, Timestamp::from_second),
            Some(TimeFormat::Milliseconds) => epoch(text, Timestamp::from_millisecond),
            Some(TimeFormat::Microseconds) => epoch(text, Timestamp::from_microsecond),
            Some(TimeFormat::Pattern(pattern)) => self.pattern(pattern, text),
        }
    }

    /// ISO 8601. Without an offset, it is a local time of the zone; without a zone, the contract says what is missing.
    fn usual(&self, text: &str) -> Result<String, String> {
        let Some(zone) = &self.zone else { return Ok(text.to_owned()) };
        if text.parse::<pik_core::EventTime>().is_ok() {
            return Ok(text.to_owned());
        }
        // A date alone would be midnight, and an annotation or offset would be ignored: none of them is guessed at.
        let (date, clock) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
        let is_local = !date.is_empty() && clock.bytes().all(|byte| byte.is_ascii_digit() || b":.,".contains(&byte));
        // The library takes second 60 for 59.
        if clock.bytes().filter(u8::is_ascii_digit).skip(4).take(2).eq(*b"60") {
            return Err(SECOND_60.to_owned());
        }
        match text.parse::<DateTime>() {
            Ok(local) if is_local && !clock.is_empty() => self.local(zone, local),
            _ => Err("is no time such as `2026-10-14 10:00:00`; say how it is spelled with `--time-format`".to_owned()),
        }
    }

    fn pattern(&self, pattern: &str, text: &str) -> Result<String, String> {
        let parts = BrokenDownTime::parse(pattern, text).map_err(|error| format!("is not `{pattern}`: {error}"))?;
        let shown = parts.to_string(pattern).map_err(|error| format!("is no time: {error}"))?;
        if text.matches("60").count() > shown.matches("60").count() {
            return Err(SECOND_60.to_owned());
        }
        if parts.offset().is_some() {
            let at = parts.to_timestamp().map_err(|error| format!("is no time: {error}"))?;
            return Ok(at.to_string());
        }
        let Some(zone) = &self.zone else {
            return Err("has no UTC offset; say where clocks showed it with `--time-zone`".to_owned());
        };
        let local = parts.to_datetime().map_err(|error| format!("is no time: {error}"))?;
        self.local(zone, local)
    }

    fn local(&self, zone: &TimeZone, local: DateTime) -> Result<String, String> {
        let found = zone.to_ambiguous_timestamp(local);
        let at = match (found.offset(), self.on_ambiguous) {
            (AmbiguousOffset::Unambiguous { .. }, _) => found.unambiguous(),
            (AmbiguousOffset::Gap { .. }, _) => {
                return Err("does not exist there: clocks were set forward over it".to_owned());
            }
            (AmbiguousOffset::Fold { .. }, OnAmbiguous::Error) => {
                return Err("was twice there; say which is meant with `--on-ambiguous earlier` or `later`".to_owned());
            }
            (AmbiguousOffset::Fold { .. }, OnAmbiguous::Earlier) => found.earlier(),
            (AmbiguousOffset::Fold { .. }, OnAmbiguous::Later) => found.later(),
        };
        at.map(|at| at.to_string()).map_err(|error| format!("is no time: {error}"))
    }
}

fn epoch(text: &str, read: impl Fn(i64) -> Result<Timestamp, jiff::Error>) -> Result<String, String> {
    let number: i64 = text.parse().map_err(|_| "is no whole number of seconds, ms or µs".to_owned())?;
    read(number).map(|at| at.to_string()).map_err(|_| "is outside the years that can be written".to_owned())
}

/// The zone of that name in the IANA database that is part of the program.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "no such time zone; names are like `Europe/Berlin` or `UTC`".to_owned())
}
