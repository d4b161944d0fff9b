//! Times as tables spell them, as times with an offset.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use pik_core::EventTime;

use super::serial::{since_1970, spreadsheet};
use super::time_format::{Shape, TimeFormat};

const SECOND_60: &str = "has a second of 60, which only ISO 8601 with an offset may have";

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

/// A time with its offset.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Whether the contract takes it.
    pub(crate) is_sound: bool,
}

impl Moments {
    /// The time with its offset; a text that has one stays as it is.
    pub(crate) fn read<'a>(&self, text: &'a str) -> Result<Moment<'a>, String> {
        let text = match &self.format {
            // Most are such. A fault of an ISO time with an offset is told in the contract's words.
            None if is_event_time(text) => return Ok(Moment { text: Cow::Borrowed(text), is_sound: true }),
            None => self.usual(text)?,
            Some(format) => Cow::Owned(self.told(format, text)?),
        };
        // The library writes times as the contract has them; of the years it has some more.
        let is_sound = matches!(text, Cow::Owned(_)) && text.starts_with(|first| matches!(first, '1'..='9'));
        Ok(Moment { text, is_sound })
    }

    fn told(&self, format: &TimeFormat, text: &str) -> Result<String, String> {
        match format {
            TimeFormat::Since1970 { nanosecond_digits } => {
                since_1970(text, *nanosecond_digits).map(|at| at.to_string())
            }
            TimeFormat::Spreadsheet(epoch) => self.local(spreadsheet(text, *epoch)?),
            TimeFormat::Pattern(pattern) => self.pattern(pattern, text),
        }
    }

    /// A local time of ISO 8601, or a shape that can mean one time only.
    fn usual<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, String> {
        // An annotation or offset would be ignored: none is guessed at.
        let (date, clock) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
        let is_local = !date.is_empty() && clock.bytes().all(|byte| byte.is_ascii_digit() || b":.,".contains(&byte));
        // The library takes second 60 for 59.
        let has_second_60 = is_local && clock.bytes().filter(u8::is_ascii_digit).skip(4).take(2).eq(*b"60");
        if is_local
            && !clock.is_empty()
            && !has_second_60
            && let Ok(local) = text.parse::<DateTime>()
        {
            return self.local(local).map(Cow::Owned);
        }
        match Shape::of(text) {
            Some(Shape::Sure(format, name)) => {
                self.told(&format, text).map(Cow::Owned).map_err(|problem| format!("is {name}; it {problem}"))
            }
            Some(Shape::Told(what)) => Err(what.to_owned()),
            None if has_second_60 => Err(SECOND_60.to_owned()),
            None if self.zone.is_none() => Ok(Cow::Borrowed(text)),
            None => {
                Err("is no time such as `2026-10-14 10:00:00`; say how it is spelled with `--time-format`".to_owned())
            }
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
        let local = parts.to_datetime().map_err(|error| format!("is no time: {error}"))?;
        self.local(local)
    }

    fn local(&self, local: DateTime) -> Result<String, String> {
        let Some(zone) = &self.zone else {
            return Err("has no UTC offset; say where clocks showed it with `--time-zone`".to_owned());
        };
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

fn is_event_time(text: &str) -> bool {
    text.parse::<EventTime>().is_ok()
}

/// The zone of that name in the IANA database that is part of the program.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "no such time zone; names are like `Europe/Berlin` or `UTC`".to_owned())
}
