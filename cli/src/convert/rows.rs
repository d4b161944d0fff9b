//! The rows of a file, read in batches.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

use super::header::Header;
use super::kind::Kind;
use super::parquet_rows::ParquetRows;
use super::table_cells::Cells;
use super::table_row::{MAX_ROW_BYTES, RowEnd, has_lone_return, read_row};
use crate::input::{ArrayWalk, Text, binary, is_blank, read_line};

/// How many bytes of rows go to a thread at once.
const BATCH_BYTES: usize = 256 << 10;

/// A row as it stands in the file, or what is wrong with it.
pub(super) struct Row {
    pub(super) line: u64,
    /// Where it is in the batch.
    pub(super) range: Range<usize>,
    pub(super) problem: Option<String>,
}

/// Some rows of a file.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) rows: Vec<Row>,
    /// Of the file, with what is no row.
    pub(super) bytes_read: u64,
}

enum Walk {
    Table { delimiter: u8 },
    Lines,
    Array(ArrayWalk),
    Parquet(ParquetRows),
}

/// Goes through the rows of a file.
pub(crate) struct Rows {
    name: String,
    text: Text,
    walk: Walk,
    /// Why nothing more can be read; told behind the rows before.
    failed: Option<anyhow::Error>,
}

impl Rows {
    /// Told what the file is by `kind`, else by its name and beginning. A table without a `delimiter` has the usual one.
    pub(crate) fn new(
        path: &Path,
        name: &str,
        source: Box<dyn Read + Send>,
        kind: Option<Kind>,
        delimiter: Option<u8>,
    ) -> Result<Self> {
        let name = name.to_owned();
        let mut text = Text::new(source);
        let beginning = text.look_ahead_line(BATCH_BYTES).with_context(|| format!("cannot read `{name}`"))?;
        if let Some(problem) = binary(beginning) {
            bail!("`{name}` is {problem}");
        }
        let (mark, beginning) = match beginning.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => (3, rest),
            None => (0, beginning),
        };
        let walk = match (kind.unwrap_or_else(|| Kind::of(path, beginning)), delimiter) {
            (Kind::Csv | Kind::Tsv, Some(delimiter)) => Walk::Table { delimiter },
            (Kind::Csv, None) => Walk::Table { delimiter: b',' },
            (Kind::Tsv, None) => Walk::Table { delimiter: b'\t' },
            (Kind::Ndjson, _) => Walk::Lines,
            (Kind::Json, _) => Walk::Array(ArrayWalk::Before),
            (Kind::Parquet, _) => Walk::Parquet(parquet(path, &name)?),
        };
        if matches!(walk, Walk::Array(_)) && !beginning.trim_ascii_start().starts_with(b"[") {
            bail!("`{name}` is no JSON array: it does not begin with `[`; `--format ndjson` reads an object a line");
        }
        text.take(mark).with_context(|| format!("cannot read `{name}`"))?;
        Ok(Self { name, text, walk, failed: None })
    }

    /// What stands between the cells, if the rows are those of a table.
    pub(super) fn delimiter(&self) -> Option<u8> {
        match self.walk {
            Walk::Table { delimiter } => Some(delimiter),
            Walk::Lines | Walk::Array(_) | Walk::Parquet(_) => None,
        }
    }

    /// The columns, if the file says which there are.
    pub(crate) fn header(&mut self) -> Result<Option<Header>> {
        let delimiter = match &self.walk {
            Walk::Lines | Walk::Array(_) => return Ok(None),
            Walk::Parquet(rows) => {
                let columns = rows.columns();
                let floats = columns.iter().filter(|(_, is_float)| *is_float).map(|(name, _)| name.clone()).collect();
                let names = columns.into_iter().map(|(name, _)| name).collect();
                return Ok(Some(Header { names, row: None, floats }));
            }
            Walk::Table { delimiter } => *delimiter,
        };
        let mut batch = Batch::default();
        while batch.rows.is_empty() {
            if !self.read(&mut batch)? {
                bail!("`{}` is empty; the first line of a table has the names of its columns", self.name);
            }
        }
        if let Some(problem) = batch.rows.remove(0).problem {
            bail!("cannot read `{}`: {problem}", self.name);
        }
        let header = std::str::from_utf8(&batch.bytes);
        header.map_err(|_| anyhow!("the header of `{}` is not UTF-8", self.name))?;
        let names = Cells::new(delimiter).read(&batch.bytes).cells().map(Cow::into_owned).collect();
        Ok(Some(Header { names, row: Some(batch.bytes), floats: Vec::new() }))
    }

    /// Says which columns are needed: where that saves work, no others are read.
    pub(crate) fn read_only(&mut self, columns: &[&str]) -> Result<()> {
        match &mut self.walk {
            Walk::Parquet(rows) => rows.read_only(columns).with_context(|| format!("cannot read `{}`", self.name)),
            Walk::Table { .. } | Walk::Lines | Walk::Array(_) => Ok(()),
        }
    }

    /// The next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Batch>> {
        let mut batch = Batch { bytes: Vec::with_capacity(BATCH_BYTES + (8 << 10)), ..Batch::default() };
        let mut is_end = true;
        // What is read may be less than what is made of it, or more.
        while batch.bytes_read.max(batch.bytes.len() as u64) < BATCH_BYTES as u64 && self.failed.is_none() {
            match self.read(&mut batch) {
                Ok(true) => is_end = false,
                Ok(false) => break,
                Err(error) => self.failed = Some(error),
            }
        }
        if let Some(error) = self.failed.take_if(|_| is_end) {
            return Err(error);
        }
        Ok((!is_end).then_some(batch))
    }

    /// Adds a row to the batch, unless the line is blank; false at the end.
    fn read(&mut self, batch: &mut Batch) -> Result<bool> {
        self.read_row(batch).with_context(|| format!("cannot read `{}`", self.name))
    }

    fn read_row(&mut self, batch: &mut Batch) -> Result<bool> {
        let (line, start) = (self.text.line(), batch.bytes.len());
        let too_long = || format!("the row has more than {MAX_ROW_BYTES} bytes; no event can be so long");
        let (line, bytes_read, problem) = match &mut self.walk {
            Walk::Table { delimiter } => {
                let (end, bytes_read) = read_row(&mut self.text, *delimiter, &mut batch.bytes)?;
                let problem = match end {
                    RowEnd::NoRow => return Ok(false),
                    RowEnd::Whole => None,
                    RowEnd::Stray => Some(
                        "text stands behind the closing quote of a cell; double each quote that is text, and put the cell \
                         between quotes"
                            .to_owned(),
                    ),
                    RowEnd::TooLong => Some(too_long()),
                    RowEnd::Unclosed { line } => Some(format!(
                        "the quote that opens on line {line} is never closed; the row takes the rest of the file"
                    )),
                    RowEnd::Endless { line } => {
                        let problem = format!(
                            "the quote that opens on line {line} is not closed within {MAX_ROW_BYTES} bytes; close it, or double \
                             it if it is text. No row from line {line} on was read"
                        );
                        bail!("{problem}");
                    }
                };
                (line, bytes_read, problem)
            }
            Walk::Lines => {
                let Some(found) = read_line(&mut self.text, &mut batch.bytes, start + MAX_ROW_BYTES)? else {
                    return Ok(false);
                };
                (found.line, found.bytes_read, (!found.fits).then(too_long))
            }
            Walk::Array(walk) => {
                let mut element = Vec::new();
                let Some(found) = walk.read(&mut self.text, &mut element, MAX_ROW_BYTES)? else { return Ok(false) };
                batch.bytes.append(&mut element);
                (found.line, found.bytes_read, found.problem.map(str::to_owned).or((!found.fits).then(too_long)))
            }
            Walk::Parquet(rows) => match rows.read(&mut batch.bytes)? {
                None => return Ok(false),
                Some(row) => (row.number, row.bytes, row.problem),
            },
        };
        batch.bytes_read += bytes_read;
        if problem.as_ref().is_some_and(|_| bytes_read > MAX_ROW_BYTES as u64) {
            batch.bytes.truncate(start);
        }
        if batch.bytes[start..].ends_with(b"\r") {
            batch.bytes.pop();
        }
        let problem = problem.or_else(|| {
            let is_table = matches!(self.walk, Walk::Table { .. });
            (is_table && has_lone_return(&batch.bytes[start..])).then(|| {
                "a carriage return stands alone in the row, as line ends of old programs; write line feeds: \
                 `tr '\\r' '\\n' < FILE`"
                    .to_owned()
            })
        });
        if problem.is_some() || !is_blank_row(&batch.bytes[start..], &self.walk) {
            batch.rows.push(Row { line, range: start..batch.bytes.len(), problem });
        }
        Ok(true)
    }
}

/// A line of white space is no row of JSON; of a table, it is a cell.
fn is_blank_row(row: &[u8], walk: &Walk) -> bool {
    match walk {
        Walk::Table { .. } => row.is_empty(),
        Walk::Lines => is_blank(row),
        Walk::Array(_) | Walk::Parquet(_) => false,
    }
}

fn parquet(path: &Path, name: &str) -> Result<ParquetRows> {
    if path == Path::new("-") {
        bail!("a Parquet file is read from its end, which standard input has not; name the file");
    }
    File::open(path).map_err(Into::into).and_then(ParquetRows::open).with_context(|| format!("cannot read `{name}`"))
}
