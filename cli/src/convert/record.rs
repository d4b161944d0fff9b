//! The values of one row.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::plan::Column;

/// A value of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// A table's cell.
    Cell(&'a str),
    /// JSON as it is written.
    Json(&'a str),
    /// The object has no such member.
    Absent,
}

/// What the cells of a row are parts of.
#[derive(Debug, Clone, Copy)]
pub(super) enum CellText<'a> {
    /// In all cells, JSON writes each character as it is.
    Plain(&'a str),
    Utf8(&'a str),
    /// Some cell is not UTF-8.
    Bytes(&'a [u8]),
}

impl<'a> CellText<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Self::Plain(text) | Self::Utf8(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The cell, if it is UTF-8.
    fn cell(self, (start, end): (usize, usize)) -> Option<&'a str> {
        match self {
            Self::Plain(text) | Self::Utf8(text) => text.get(start..end),
            Self::Bytes(bytes) => std::str::from_utf8(&bytes[start..end]).ok(),
        }
    }
}

/// The values of one row, by column.
pub(super) enum Record<'a> {
    /// Where the cells are in the text.
    Cells { text: CellText<'a>, spans: &'a [(usize, usize)] },
    /// The names and values of an object.
    Members(Vec<(Cow<'a, str>, &'a str)>),
}

impl<'a> Record<'a> {
    /// The members of a row that is an object.
    pub(super) fn object(row: &'a [u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(row).map_err(|_| "the row is not UTF-8".to_owned())?;
        if !text.trim_start().starts_with('{') {
            return Err("the row is no object; write an object with a member for each column".to_owned());
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(Members).and_then(|members| json.end().map(|()| members));
        members.map(Self::Members).map_err(|error| {
            let (text, line, column) = (error.to_string(), error.line(), error.column());
            let what = text.split(" at line ").next().unwrap_or_default();
            format!("the row is no JSON: {what} (line {line}, column {column})")
        })
    }

    pub(super) fn get(&self, column: &Column) -> Result<Value<'a>, String> {
        match self {
            Self::Cells { text, spans } => {
                let cell = text.cell(spans[column.place]);
                cell.map(Value::Cell).ok_or_else(|| self.about(&column.name, "is not UTF-8"))
            }
            Self::Members(members) => {
                let mut found = members.iter().filter(|(name, _)| *name == column.name);
                match (found.next(), found.next()) {
                    (None, _) => Ok(Value::Absent),
                    (Some((_, json)), None) => Ok(Value::Json(json)),
                    (Some(_), Some(_)) => Err(self.about(&column.name, "is there twice")),
                }
            }
        }
    }

    /// The value as a member of an event that is a text; a number is one by its digits.
    pub(super) fn text(&self, column: &Column) -> Result<Cow<'a, str>, String> {
        match self.get(column)? {
            Value::Cell(text) => Ok(Cow::Borrowed(text)),
            Value::Absent => Err(self.about(&column.name, "is not there")),
            Value::Json(json) => match json.as_bytes().first() {
                Some(b'"') => Ok(unquoted(json)),
                Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(json)),
                _ => Err(self.about(&column.name, "is no text and no number")),
            },
        }
    }

    /// Whether JSON writes each character of each cell as it is.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Cells { text: CellText::Plain(_), .. })
    }

    /// The cells of a table, in their order.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let (text, spans): (&'a [u8], _) = match self {
            Self::Cells { text, spans } => (text.bytes(), *spans),
            Self::Members(_) => (b"", [].as_slice()),
        };
        spans.iter().map(|(start, end)| String::from_utf8_lossy(&text[*start..*end]))
    }

    /// The members of an object, in their order; of a table there are none.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &'a str)> {
        let members = match self {
            Self::Members(members) => members.as_slice(),
            Self::Cells { .. } => &[],
        };
        members.iter().map(|(name, json)| (&**name, *json))
    }

    pub(super) fn about(&self, name: &str, problem: &str) -> String {
        let kind = match self {
            Self::Cells { .. } => "column",
            Self::Members(_) => "member",
        };
        format!("{kind} `{name}` {problem}")
    }
}

/// The characters of a string of JSON.
pub(super) fn unquoted(json: &str) -> Cow<'_, str> {
    if json.contains('\\') {
        Cow::Owned(serde_json::from_str(json).expect("the string was read before"))
    } else {
        Cow::Borrowed(&json[1..json.len() - 1])
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), json)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            members.push((name, json.get()));
        }
        Ok(members)
    }
}

/// Borrowed if it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
