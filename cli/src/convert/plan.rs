//! Which column goes where.

use std::collections::HashSet;
use std::convert::Infallible;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

use super::cell::{Cell, OnEmpty, OnNan};
use super::header::Header;
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
    /// The name as JSON, with its colon.
    pub(super) json_name: Vec<u8>,
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
    /// How many cells a row has, if it is one of a table of texts.
    pub(super) cells: Option<usize>,
    /// The columns of `source`, `event_type` and `entity_id`, each with what stands before it in a line.
    pub(super) texts: Vec<(Vec<u8>, Column)>,
    /// What stands before the value of `event_time`.
    pub(super) before_time: Vec<u8>,
    pub(super) event_time: From,
    pub(super) payload: Payload,
    pub(super) moments: Moments,
    pub(super) on_empty: OnEmpty,
    pub(super) on_nan: OnNan,
    /// Whether what all rows have in common keeps the contract.
    pub(super) is_sound: bool,
    /// Members of objects that are to be numbers, and whether some object had them.
    pub(super) numbers: Vec<(String, AtomicBool)>,
}

impl Plan {
    /// The plan for a file with this header, or for objects.
    pub(crate) fn new(header: Option<&Header>, members: &Members<'_>, moments: Moments) -> Result<Self> {
        let cells = header.and_then(|header| header.row.as_ref().map(|_| header.names.len()));
        let columns = Columns { header, numbers: members.numbers };
        columns.check_names()?;
        let (mut texts, mut before, mut is_sound) = (Vec::new(), Vec::new(), cells.is_some());
        for (name, cell) in [
            ("{\"source\":", members.source),
            (",\"event_type\":", members.event_type),
            (",\"entity_id\":", members.entity_id),
        ] {
            before.extend_from_slice(name.as_bytes());
            match columns.from(cell)? {
                From::Constant(text) => {
                    is_sound &= is_sound_text(&text);
                    before.extend_from_slice(&json(&text));
                }
                From::Column(column) => texts.push((std::mem::take(&mut before), column)),
            }
        }
        before.extend_from_slice(b",\"event_time\":");
        let event_time = columns.from(members.event_time)?;
        let is_taken = |name: &str| {
            let taken = [members.source, members.event_type, members.entity_id, members.event_time];
            taken.iter().any(|cell| cell.column() == Some(name))
        };
        let payload = match (members.payload, header) {
            (PayloadFrom::Json(name), _) => Payload::Json(columns.find(name)?),
            (PayloadFrom::Columns(names), _) => {
                Payload::Columns(names.iter().map(|name| columns.find(name)).collect::<Result<_>>()?)
            }
            (PayloadFrom::Rest, Some(header)) => {
                let rest = header.names.iter().filter(|name| !is_taken(name));
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
        is_sound &= match &payload {
            Payload::Columns(columns) => {
                let names: HashSet<&str> = columns.iter().map(|column| &*column.name).collect();
                names.len() == columns.len()
            }
            Payload::Rest { .. } | Payload::Json(_) => false,
        };
        let numbers = members.numbers.iter().filter(|_| header.is_none());
        let numbers = numbers.map(|number| (number.0.clone(), AtomicBool::new(false))).collect();
        let usual = if cells.is_some() { OnEmpty::Text } else { OnEmpty::Null };
        let (on_empty, on_nan) = (members.on_empty.unwrap_or(usual), members.on_nan);
        Ok(Self {
            cells,
            texts,
            before_time: before,
            event_time,
            payload,
            moments,
            on_empty,
            on_nan,
            is_sound,
            numbers,
        })
    }

    /// The columns that are needed.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let payload = match &self.payload {
            Payload::Columns(columns) => columns.as_slice(),
            Payload::Json(column) => std::slice::from_ref(column),
            Payload::Rest { .. } => &[],
        };
        let time = match &self.event_time {
            From::Column(column) => Some(column),
            From::Constant(_) => None,
        };
        let texts = self.texts.iter().map(|(_, column)| column);
        texts.chain(time).chain(payload).map(|column| &*column.name).collect()
    }

    /// Members that were to be numbers, and that no object had. A table's columns are known beforehand.
    pub(crate) fn never_met(&self) -> impl Iterator<Item = &str> {
        self.numbers.iter().filter(|(_, is_met)| !is_met.load(Ordering::Relaxed)).map(|(name, _)| &**name)
    }
}

/// A header that is one cell may have another delimiter.
fn other_delimiter(header: &str) -> Option<&'static str> {
    let hints = [
        (';', "; if semicolons stand between cells, say `--delimiter ';'`"),
        ('\t', "; if tabs stand between cells, say `--delimiter '\\t'`"),
        ('|', "; if bars stand between cells, say `--delimiter '|'`"),
        (',', "; if commas stand between cells, say `--delimiter ,`"),
    ];
    hints.into_iter().find(|(delimiter, _)| header.contains(*delimiter)).map(|(_, hint)| hint)
}

fn json(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).expect("a text can be written to memory")
}

/// Whether a text is surely one that `source`, `event_type` and `entity_id` may have. It may say no of others that are.
pub(super) fn is_sound_text(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The columns that there are; of objects, any.
struct Columns<'a> {
    header: Option<&'a Header>,
    numbers: &'a [ColumnName],
}

impl Columns<'_> {
    fn check_names(&self) -> Result<()> {
        let mut seen = HashSet::new();
        match self.names().iter().find(|name| !seen.insert(*name)) {
            Some(name) => bail!("two columns are named `{name}`; rename one"),
            None => Ok(()),
        }
    }

    fn names(&self) -> &[String] {
        self.header.map_or(&[], |header| &header.names)
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
            Some(header) => header.names.iter().position(|column| column == name).with_context(|| {
                let columns: Vec<_> = header.names.iter().map(|column| format!("`{column}`")).collect();
                let hint = match &*header.names {
                    [only] => other_delimiter(only),
                    _ => None,
                };
                format!("no column is named `{name}`; there are {}{}", columns.join(", "), hint.unwrap_or_default())
            })?,
        };
        Ok(Column {
            name: name.to_owned(),
            json_name: [&*json(name), b":"].concat(),
            place,
            is_number: self.numbers.iter().any(|number| number.0 == name)
                || self.header.is_some_and(|header| header.floats.iter().any(|float| float == name)),
        })
    }
}
