//! One row, as one event's line of JSON.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use memchr::memchr;
use pik_core::MAX_BODY_BYTES;
use serde::de::IgnoredAny;

use super::cell::{OnEmpty, OnNan};
use super::plan::{Column, From, Payload, Plan, is_sound_text};
use super::record::{Record, Value, unquoted};

/// What is known of a line that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It is an event by all that it was made of: reading it again would cost more than writing it.
    Sound,
    /// Whether it is an event is for the contract to say.
    Unchecked,
}

impl Plan {
    /// Appends the row's event; what is wrong with the row otherwise.
    pub(super) fn write(&self, row: &Record<'_>, line: &mut Vec<u8>) -> Result<Line, String> {
        let (start, is_plain, mut is_sound) = (line.len(), row.is_plain(), self.is_sound);
        for (before, column) in &self.texts {
            let text = row.text(column)?;
            is_sound &= is_sound_text(&text);
            line.extend_from_slice(before);
            put_text(line, &text, is_plain);
        }
        let (time, is_plain_time) = match &self.event_time {
            From::Constant(text) => (Cow::Borrowed(&**text), false),
            From::Column(column) => (row.text(column)?, is_plain),
        };
        let time = self.moments.read(&time).map_err(|problem| match &self.event_time {
            From::Column(column) => row.about(&column.name, &problem),
            From::Constant(_) => format!("`--event-time` {problem}"),
        })?;
        is_sound &= time.is_sound;
        line.extend_from_slice(&self.before_time);
        put_text(line, &time.text, is_plain_time);
        line.extend_from_slice(b",\"payload\":");
        match &self.payload {
            Payload::Columns(columns) => {
                let mut members = Object::open(line);
                for column in columns {
                    let name = (column.name.as_str(), &*column.json_name);
                    is_sound &= self.put_member(row, &mut members, name, row.get(column)?, column.is_number)?;
                }
                members.close();
            }
            Payload::Rest { taken, numbers } => {
                let mut members = Object::open(line);
                for (name, json) in row.members() {
                    if !taken.iter().any(|taken| taken == name) {
                        let mut json_name = Vec::new();
                        put_text(&mut json_name, name, false);
                        json_name.push(b':');
                        let is_number = numbers.iter().any(|number| number == name);
                        self.put_member(row, &mut members, (name, &json_name), Value::Json(json), is_number)?;
                    }
                }
                members.close();
            }
            Payload::Json(column) => put_json(row, column, line)?,
        }
        line.push(b'}');
        Ok(if is_sound && line.len() - start <= MAX_BODY_BYTES { Line::Sound } else { Line::Unchecked })
    }

    /// Notes which of the members that are to be numbers an object has.
    pub(super) fn note(&self, row: &Record<'_>) {
        for (name, is_met) in &self.numbers {
            if !is_met.load(Ordering::Relaxed) && row.members().any(|(member, _)| member == name) {
                is_met.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Whether the value is surely one that the contract allows.
    fn put_member(
        &self,
        row: &Record<'_>,
        members: &mut Object<'_>,
        (name, json_name): (&str, &[u8]),
        value: Value<'_>,
        is_number: bool,
    ) -> Result<bool, String> {
        let text = match value {
            Value::Absent if self.on_empty == OnEmpty::Error => return Err(row.about(name, "is not there")),
            Value::Absent => return Ok(true),
            Value::Cell("") | Value::Json("null") => match self.on_empty {
                OnEmpty::Drop => return Ok(true),
                OnEmpty::Error => return Err(row.about(name, "is empty")),
                OnEmpty::Null => {
                    members.name(json_name).extend_from_slice(b"null");
                    return Ok(true);
                }
                OnEmpty::Text => Cow::Borrowed(""),
            },
            Value::Cell(text) => Cow::Borrowed(text),
            Value::Json(json) if is_number && json.starts_with('"') => unquoted(json),
            Value::Json(json) => {
                put_one_line(members.name(json_name), json);
                return Ok(false);
            }
        };
        if !is_number {
            put_text(members.name(json_name), &text, row.is_plain());
            return Ok(true);
        }
        let spelling = Number::of(&text);
        if spelling != Number::None {
            // Digit by digit: a float in between would change 64-bit ids and amounts.
            members.name(json_name).extend_from_slice(text.as_bytes());
            return Ok(spelling == Number::Plain);
        }
        match (is_nan(&text), self.on_nan) {
            (true, OnNan::Drop) => {}
            (true, OnNan::Null) => members.name(json_name).extend_from_slice(b"null"),
            (true, OnNan::Error) => {
                return Err(row.about(name, "is no number that JSON can write; `--nan drop` or `--nan null`"));
            }
            (false, _) => return Err(row.about(name, "is no number as JSON writes it")),
        }
        Ok(true)
    }
}

/// The JSON in a text, or what is no text as it is.
fn put_json(row: &Record<'_>, column: &Column, line: &mut Vec<u8>) -> Result<(), String> {
    let text = match row.get(column)? {
        Value::Cell(text) => Cow::Borrowed(text),
        Value::Json(json) if json.starts_with('"') => unquoted(json),
        Value::Json(json) => {
            put_one_line(line, json);
            return Ok(());
        }
        Value::Absent => return Err(row.about(&column.name, "is not there")),
    };
    // Checked alone: text that closes the event and opens another must not get in.
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| row.about(&column.name, &format!("is no JSON: {error}")))?;
    put_one_line(line, &text);
    Ok(())
}

/// An object that is being written.
struct Object<'a> {
    line: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    fn open(line: &'a mut Vec<u8>) -> Self {
        line.push(b'{');
        Self { line, is_empty: true }
    }

    /// Where the value of the next member goes.
    fn name(&mut self, json_name: &[u8]) -> &mut Vec<u8> {
        if !self.is_empty {
            self.line.push(b',');
        }
        self.is_empty = false;
        self.line.extend_from_slice(json_name);
        self.line
    }

    fn close(self) {
        self.line.push(b'}');
    }
}

/// How a text spells a number of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    /// With some digits and a point alone: surely in the contract's range.
    Plain,
    Other,
    None,
}

impl Number {
    fn of(text: &str) -> Self {
        let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
        let (whole, fraction) = match memchr(b'.', unsigned) {
            Some(point) => (&unsigned[..point], Some(&unsigned[point + 1..])),
            None => (unsigned, None),
        };
        let is_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        match unsigned {
            _ if is_digits(whole) && fraction.is_none_or(is_digits) => match whole {
                [b'0', _, ..] => Self::None,
                _ if text.len() > 1_000 => Self::Other,
                _ => Self::Plain,
            },
            [b'0'..=b'9', .., b'0'..=b'9'] if serde_json::from_str::<IgnoredAny>(text).is_ok() => Self::Other,
            _ => Self::None,
        }
    }
}

/// As programs write what is no number.
fn is_nan(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name))
}

/// In JSON, a line break can only be white space; the event is to be one line.
fn put_one_line(line: &mut Vec<u8>, json: &str) {
    let start = line.len();
    line.extend_from_slice(json.as_bytes());
    for byte in line[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

/// Writes a text between quotes. One that is known to be plain is not looked at.
fn put_text(line: &mut Vec<u8>, text: &str, is_plain: bool) {
    if is_plain || !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
    } else {
        serde_json::to_writer(line, text).expect("a text can be written to memory");
    }
}
