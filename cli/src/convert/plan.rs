//! Which column goes where.

use std::collections::HashSet;
use std::convert::Infallible;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

use super::cell::{Cell, OnEmpty, OnNan};
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
    pub(crate) on_empty: Option<OnEmpty>,
    pub(crate) on_nan: OnNan,
}

/// A member's value: a text, or where it is in a row.
#[derive(Debug)]
pub(super) enum From {
    Constant(String),
    Column(Column),
}

/// A column of a table, or a member of each row's object.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// The name as JSON.
    pub(super) json_name: String,
    /// Where it is in a table's row.
    pub(super) place: usize,
    pub(super) is_number: bool,
}

/// What the payload is made of.
#[derive(Debug)]
pub(super) enum Payload {
    Columns(Vec<Column>),
    /// All members of the row's object but these; those that are to be numbers.
    Rest {
        taken: Vec<String>,
        numbers: Vec<String>,
    },
    Json(Column),
}

/// How a row becomes an event.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The columns' names, if the rows are those of a table.
    pub(super) header: Option<Vec<String>>,
    pub(super) texts: [(&'static str, From); 3],
    pub(super) event_time: From,
    pub(super) payload: Payload,
    pub(super) moments: Moments,
    pub(super) on_empty: OnEmpty,
    pub(super) on_nan: OnNan,
}

impl Plan {
    /// The plan for a table with this header, or for objects.
    pub(crate) fn new(header: Option<Vec<String>>, members: &Members<'_>, moments: Moments) -> Result<Self> {
        let columns = Columns { header: header.as_deref(), numbers: members.numbers };
        columns.check_names()?;
        let texts = [
            ("source", columns.from(members.source)?),
            ("event_type", columns.from(members.event_type)?),
            ("entity_id", columns.from(members.entity_id)?),
        ];
        let event_time = columns.from(members.event_time)?;
        let is_taken = |name: &str| {
            let mut members = texts.iter().map(|(_, from)| from).chain([&event_time]);
            members.any(|from| matches!(from, From::Column(column) if column.name == name))
        };
        let payload = match (members.payload, &header) {
            (PayloadFrom::Json(name), _) => Payload::Json(columns.find(name)?),
            (PayloadFrom::Columns(names), _) => {
                Payload::Columns(names.iter().map(|name| columns.find(name)).collect::<Result<_>>()?)
            }
            (PayloadFrom::Rest, Some(header)) => {
                let rest = header.iter().filter(|name| !is_taken(name));
                Payload::Columns(rest.map(|name| columns.find(name)).collect::<Result<_>>()?)
            }
            (PayloadFrom::Rest, None) => Payload::Rest {
                taken: [members.source, members.event_type, members.entity_id, members.event_time]
                    .into_iter()
                    .filter_map(Cell::column)
                    .map(str::to_owned)
                    .collect(),
                numbers: members.numbers.iter().map(|name| name.0.clone()).collect(),
            },
        };
        for ColumnName(number) in members.numbers {
            columns.find(number)?;
            let is_used = match &payload {
                Payload::Columns(columns) => columns.iter().any(|column| column.name == *number),
                Payload::Rest { taken, .. } => !taken.contains(number),
                Payload::Json(_) => false,
            };
            if !is_used {
                bail!("`{number}` is in `--numbers`, but not among the payload's columns");
            }
        }
        let usual = if header.is_some() { OnEmpty::Text } else { OnEmpty::Null };
        let (on_empty, on_nan) = (members.on_empty.unwrap_or(usual), members.on_nan);
        Ok(Self { header, texts, event_time, payload, moments, on_empty, on_nan })
    }
}

/// The columns that there are; of objects, any.
struct Columns<'a> {
    header: Option<&'a [String]>,
    numbers: &'a [ColumnName],
}

impl Columns<'_> {
    fn check_names(&self) -> Result<()> {
        let mut seen = HashSet::new();
        match self.header.unwrap_or_default().iter().find(|name| !seen.insert(*name)) {
            Some(name) => bail!("two columns are named `{name}`; rename one"),
            None => Ok(()),
        }
    }

    fn from(&self, cell: &Cell) -> Result<From> {
        Ok(match cell {
            Cell::Constant(text) => From::Constant(text.clone()),
            Cell::Column(name) => From::Column(self.find(name)?),
        })
    }

    fn find(&self, name: &str) -> Result<Column> {
        let place = match self.header {
            None => 0,
            Some(header) => header.iter().position(|column| column == name).with_context(|| {
                let columns: Vec<_> = header.iter().map(|column| format!("`{column}`")).collect();
                format!("no column is named `{name}`; there are {}", columns.join(", "))
            })?,
        };
        Ok(Column {
            name: name.to_owned(),
            json_name: serde_json::Value::from(name).to_string(),
            place,
            is_number: self.numbers.iter().any(|number| number.0 == name),
        })
    }
}
