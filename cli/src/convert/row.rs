//! One row, as one event's line of JSON.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::cell::{OnEmpty, OnNan};
use super::plan::{Column, From, Payload, Plan};
use super::record::{Record, Value, unquoted};

impl Plan {
    /// Appends the row's event; what is wrong with the row otherwise.
    pub(super) fn write(&self, row: &Record<'_>, line: &mut Vec<u8>) -> Result<(), String> {
        line.push(b'{');
        for (name, from) in &self.texts {
            put(line, &[b"\"", name.as_bytes(), b"\":"]);
            put_text(line, &text(row, from)?);
            line.push(b',');
        }
        let time = text(row, &self.event_time)?;
        let time = self.moments.read(&time).map_err(|problem| match &self.event_time {
            From::Column(column) => row.about(&column.name, &problem),
            From::Constant(_) => format!("`--event-time` {problem}"),
        })?;
        put(line, &[b"\"event_time\":"]);
        put_text(line, &time);
        put(line, &[b",\"payload\":"]);
        match &self.payload {
            Payload::Columns(columns) => {
                let mut members = Object::open(line);
                for column in columns {
                    let name = (column.name.as_str(), column.json_name.as_bytes());
                    self.put_member(row, &mut members, name, row.get(column)?, column.is_number)?;
                }
                members.close();
            }
            Payload::Rest { taken, numbers } => {
                let mut members = Object::open(line);
                for (name, json) in row.members() {
                    if !taken.iter().any(|taken| taken == name) {
                        let mut json_name = Vec::new();
                        put_text(&mut json_name, name);
                        let is_number = numbers.iter().any(|number| number == name);
                        self.put_member(row, &mut members, (name, &json_name), Value::Json(json), is_number)?;
                    }
                }
                members.close();
            }
            Payload::Json(column) => put_json(row, column, line)?,
        }
        line.push(b'}');
        Ok(())
    }

    fn put_member(
        &self,
        row: &Record<'_>,
        members: &mut Object<'_>,
        (name, json_name): (&str, &[u8]),
        value: Value<'_>,
        is_number: bool,
    ) -> Result<(), String> {
        let text = match value {
            Value::Absent if self.on_empty == OnEmpty::Error => return Err(row.about(name, "is not there")),
            Value::Absent => return Ok(()),
            Value::Cell("") | Value::Json("null") => match self.on_empty {
                OnEmpty::Drop => return Ok(()),
                OnEmpty::Error => return Err(row.about(name, "is empty")),
                OnEmpty::Null => {
                    put(members.name(json_name), &[b"null"]);
                    return Ok(());
                }
                OnEmpty::Text => Cow::Borrowed(""),
            },
            Value::Cell(text) => Cow::Borrowed(text),
            Value::Json(json) if is_number && json.starts_with('"') => unquoted(json),
            Value::Json(json) => {
                put_one_line(members.name(json_name), json);
                return Ok(());
            }
        };
        if !is_number {
            put_text(members.name(json_name), &text);
        } else if is_number_text(&text) {
            // Digit by digit: a float in between would change 64-bit ids and amounts.
            put(members.name(json_name), &[text.as_bytes()]);
        } else {
            match (is_nan(&text), self.on_nan) {
                (true, OnNan::Drop) => {}
                (true, OnNan::Null) => put(members.name(json_name), &[b"null"]),
                (true, OnNan::Error) => {
                    return Err(row.about(name, "is no number that JSON can write; `--nan drop` or `--nan null`"));
                }
                (false, _) => return Err(row.about(name, "is no number as JSON writes it")),
            }
        }
        Ok(())
    }
}

fn text<'a>(row: &Record<'a>, from: &'a From) -> Result<Cow<'a, str>, String> {
    match from {
        From::Constant(text) => Ok(Cow::Borrowed(text)),
        From::Column(column) => row.text(column),
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
        put(self.line, &[json_name, b":"]);
        self.line
    }

    fn close(self) {
        self.line.push(b'}');
    }
}

fn is_number_text(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
    // Most are whole numbers without a leading zero.
    match unsigned {
        [b'0'] => true,
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => true,
        [b'0'..=b'9', .., b'0'..=b'9'] => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        _ => false,
    }
}

/// As programs write what is no number.
fn is_nan(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name))
}

fn put(line: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        line.extend_from_slice(part);
    }
}

/// In JSON, a line break can only be white space; the event is to be one line.
fn put_one_line(line: &mut Vec<u8>, json: &str) {
    let start = line.len();
    line.extend_from_slice(json.as_bytes());
    for byte in line[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

fn put_text(line: &mut Vec<u8>, text: &str) {
    let is_plain = !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\');
    if is_plain {
        put(line, &[b"\"", text.as_bytes(), b"\""]);
    } else {
        serde_json::to_writer(line, text).expect("a text can be written to memory");
    }
}
