//! Which column goes where.

use std::convert::Infallible;
use std::str::FromStr;

use anyhow::{Result, bail};
use csv::StringRecord;

use super::cell::{Cell, OnEmpty};
use super::moment::Moments;

/// What the payload is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PayloadFrom {
    /// All columns that no other member takes.
    Rest,
    /// These columns.
    Columns(Vec<String>),
    /// The JSON in one column.
    Json(String),
}

impl FromStr for PayloadFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "rest" {
            return Ok(Self::Rest);
        }
        if let Some(column) = text.strip_prefix("json:@") {
            return Ok(Self::Json(column.to_owned()));
        }
        let columns = text.split(',').map(|column| column.strip_prefix('@').map(str::to_owned));
        let columns: Option<Vec<_>> = columns.collect();
        columns.map(Self::Columns).ok_or_else(|| "write `rest`, `@a,@b`, or `json:@a`".to_owned())
    }
}

/// The column's name behind `@`, which may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnName(pub(crate) String);

impl FromStr for ColumnName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.strip_prefix('@').unwrap_or(text).to_owned()))
    }
}

/// Where the members come from, as the command line has it.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    pub(crate) source: &'a Cell,
    pub(crate) event_type: &'a Cell,
    pub(crate) entity_id: &'a Cell,
    pub(crate) event_time: &'a Cell,
    pub(crate) payload: &'a PayloadFrom,
    pub(crate) numbers: &'a [ColumnName],
}

/// A member's value: a text, or the place of its column.
#[derive(Debug)]
pub(super) enum From {
    Constant(String),
    Column(usize),
}

/// A column of the payload.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) place: usize,
    /// As JSON.
    pub(super) name: String,
    pub(super) is_number: bool,
}

/// What the payload is made of, as places.
#[derive(Debug)]
pub(super) enum Payload {
    Columns(Vec<Column>),
    Json(usize),
}

/// How a row becomes an event.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) header: StringRecord,
    pub(super) texts: [(&'static str, From); 3],
    pub(super) event_time: From,
    pub(super) payload: Payload,
    pub(super) moments: Moments,
    pub(super) on_empty: OnEmpty,
}

impl Plan {
    /// The plan for a table with this header.
    pub(crate) fn new(
        header: StringRecord,
        members: &Members<'_>,
        moments: Moments,
        on_empty: OnEmpty,
    ) -> Result<Self> {
        for (place, name) in header.iter().enumerate() {
            if header.iter().take(place).any(|before| before == name) {
                bail!("two columns are named `{name}`; rename one");
            }
        }
        let texts = [
            ("source", from(&header, members.source)?),
            ("event_type", from(&header, members.event_type)?),
            ("entity_id", from(&header, members.entity_id)?),
        ];
        let event_time = from(&header, members.event_time)?;
        let numbers = members.numbers.iter().map(|name| find(&header, &name.0)).collect::<Result<Vec<_>>>()?;
        let column = |place: usize| {
            let name = serde_json::Value::from(&header[place]).to_string();
            Column { place, name, is_number: numbers.contains(&place) }
        };
        let payload = match members.payload {
            PayloadFrom::Json(name) => Payload::Json(find(&header, name)?),
            PayloadFrom::Columns(names) => {
                let places = names.iter().map(|name| find(&header, name)).collect::<Result<Vec<_>>>()?;
                Payload::Columns(places.into_iter().map(column).collect())
            }
            PayloadFrom::Rest => {
                let taken = |place: usize| {
                    let mut members = texts.iter().map(|(_, from)| from).chain([&event_time]);
                    members.any(|from| matches!(from, From::Column(column) if *column == place))
                };
                Payload::Columns((0..header.len()).filter(|place| !taken(*place)).map(column).collect())
            }
        };
        let used = |place: &usize| match &payload {
            Payload::Columns(columns) => columns.iter().any(|column| column.place == *place),
            Payload::Json(_) => false,
        };
        if let Some(unused) = numbers.iter().find(|place| !used(place)) {
            bail!("`{}` is in `--numbers`, but not among the payload's columns", &header[*unused]);
        }
        Ok(Self { texts, event_time, payload, moments, on_empty, header })
    }
}

fn from(header: &StringRecord, cell: &Cell) -> Result<From> {
    Ok(match cell {
        Cell::Constant(text) => From::Constant(text.clone()),
        Cell::Column(name) => From::Column(find(header, name)?),
    })
}

fn find(header: &StringRecord, name: &str) -> Result<usize> {
    let Some(place) = header.iter().position(|column| column == name) else {
        let columns: Vec<_> = header.iter().map(|column| format!("`{column}`")).collect();
        bail!("no column is named `{name}`; there are {}", columns.join(", "));
    };
    Ok(place)
}
