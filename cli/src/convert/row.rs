//! One row, as one event's line of JSON.

use csv::ByteRecord;
use serde::de::IgnoredAny;

use super::cell::OnEmpty;
use super::plan::{Column, From, Payload, Plan};

impl Plan {
    /// Puts the row's event into `line`; what is wrong with the row otherwise.
    pub(crate) fn write(&self, row: &ByteRecord, line: &mut Vec<u8>) -> Result<(), String> {
        line.clear();
        if row.len() != self.header.len() {
            return Err(format!("the row has {} cells, the header {}", row.len(), self.header.len()));
        }
        line.push(b'{');
        for (name, from) in &self.texts {
            put(line, &[b"\"", name.as_bytes(), b"\":"]);
            put_text(line, self.value(row, from)?);
            line.push(b',');
        }
        let time = self.value(row, &self.event_time)?;
        let time = self.moments.read(time).map_err(|problem| match &self.event_time {
            From::Column(place) => self.about(*place, &problem),
            From::Constant(_) => format!("`--event-time` {problem}"),
        })?;
        put(line, &[b"\"event_time\":"]);
        put_text(line, &time);
        put(line, &[b",\"payload\":"]);
        match &self.payload {
            Payload::Columns(columns) => self.put_columns(row, columns, line)?,
            Payload::Json(place) => self.put_json(row, *place, line)?,
        }
        line.push(b'}');
        Ok(())
    }

    fn put_columns(&self, row: &ByteRecord, columns: &[Column], line: &mut Vec<u8>) -> Result<(), String> {
        line.push(b'{');
        let mut is_first = true;
        for column in columns {
            let text = self.cell(row, column.place)?;
            let is_null = match (text.is_empty(), self.on_empty) {
                (true, OnEmpty::Drop) => continue,
                (true, OnEmpty::Error) => return Err(self.about(column.place, "is empty")),
                (true, OnEmpty::Null) => true,
                (true, OnEmpty::Text) | (false, _) => false,
            };
            if !is_first {
                line.push(b',');
            }
            is_first = false;
            put(line, &[column.name.as_bytes(), b":"]);
            if is_null {
                put(line, &[b"null"]);
            } else if column.is_number {
                if !is_number(text) {
                    return Err(self.about(column.place, "is no number as JSON writes it"));
                }
                // Digit by digit: a float in between would change 64-bit ids and amounts.
                put(line, &[text.as_bytes()]);
            } else {
                put_text(line, text);
            }
        }
        line.push(b'}');
        Ok(())
    }

    fn put_json(&self, row: &ByteRecord, place: usize, line: &mut Vec<u8>) -> Result<(), String> {
        let text = self.cell(row, place)?;
        // Checked alone: text that closes the event and opens another must not get in.
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| self.about(place, &format!("is no JSON: {error}")))?;
        // In JSON, a line break can only be white space; the event is to be one line.
        let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
        line.extend(text.bytes().map(|byte| if is_break(&byte) { b' ' } else { byte }));
        Ok(())
    }

    fn value<'a>(&'a self, row: &'a ByteRecord, from: &'a From) -> Result<&'a str, String> {
        match from {
            From::Constant(text) => Ok(text),
            From::Column(place) => self.cell(row, *place),
        }
    }

    fn cell<'a>(&self, row: &'a ByteRecord, place: usize) -> Result<&'a str, String> {
        std::str::from_utf8(&row[place]).map_err(|_| self.about(place, "is not UTF-8"))
    }

    fn about(&self, place: usize, problem: &str) -> String {
        format!("column `{}` {problem}", &self.header[place])
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn put(line: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        line.extend_from_slice(part);
    }
}

fn put_text(line: &mut Vec<u8>, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if is_plain {
        put(line, &[b"\"", text.as_bytes(), b"\""]);
    } else {
        put(line, &[serde_json::Value::from(text).to_string().as_bytes()]);
    }
}
