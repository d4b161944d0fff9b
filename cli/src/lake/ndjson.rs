//! Rows as lines of JSON.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::slice::Iter;

use anyhow::{Context, Result};
use pik_core::{EventId, EventTime, IngestTime, PayloadHash};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::compression::Compression;
use super::output::Output;
use super::row::{Each, Found, Row};
use super::zstandard;

/// The most of a line: of the event as it was received, a byte may take six, and its payload stands there again.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Writes rows, in order.
pub(super) fn write(rows: &[Row<'_>], compression: Compression, out: &mut Output<impl Write>) -> Result<()> {
    let mut text = Text { rows: rows.iter(), line: Vec::new(), read: 0 };
    match compression {
        Compression::Zstd => zstandard::compress(text, out)?,
        Compression::None => {
            io::copy(&mut text, out)?;
        }
    }
    Ok(())
}

/// Gives each row of a file, in order.
pub(super) fn read(file: File, name: &str, each: &mut Each<'_>) -> Result<()> {
    if name.ends_with(".zst") { lines(zstandard::decompress(file)?, each) } else { lines(file, each) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    event_id: EventId,
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    entity_id: Cow<'a, str>,
    event_time: EventTime,
    ingest_time: IngestTime,
    ingest_lag_ms: i64,
    payload_hash: PayloadHash,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    raw: Cow<'a, str>,
}

impl Line<'_> {
    fn differs(&self, row: &Row<'_>) -> Option<&'static str> {
        let columns = [
            ("event_id", self.event_id == row.event_id),
            ("source", self.source == row.source),
            ("event_type", self.event_type == row.event_type),
            ("entity_id", self.entity_id == row.entity_id),
            ("event_time", self.event_time == row.event_time),
            ("ingest_time", self.ingest_time == row.ingest_time),
            ("ingest_lag_ms", self.ingest_lag_ms == row.ingest_lag_ms),
            ("payload_hash", self.payload_hash == row.payload_hash),
            ("payload", self.payload.get() == row.payload.get()),
            ("raw", self.raw == row.raw),
        ];
        columns.into_iter().find(|(_, is_equal)| !is_equal).map(|(name, _)| name)
    }
}

fn lines(text: impl Read, each: &mut Each<'_>) -> Result<()> {
    let mut text = BufReader::new(text);
    let mut line = Vec::new();
    while (&mut text).take(LONGEST).read_until(b'\n', &mut line)? > 0 {
        let read: Line<'_> = serde_json::from_slice(&line).context("a line is no row of a lake")?;
        let differs = |row: &Row<'_>| read.differs(row);
        each(Found { event_id: read.event_id, ingest_time: read.ingest_time, raw: &read.raw, differs: &differs })?;
        line.clear();
    }
    Ok(())
}

/// The text of rows, made as it is read.
struct Text<'a> {
    rows: Iter<'a, Row<'a>>,
    line: Vec<u8>,
    read: usize,
}

impl Read for Text<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.line.len() {
            let Some(row) = self.rows.next() else { return Ok(0) };
            self.line.clear();
            self.read = 0;
            serde_json::to_writer(&mut self.line, row)?;
            self.line.push(b'\n');
        }
        let count = buffer.len().min(self.line.len() - self.read);
        buffer[..count].copy_from_slice(&self.line[self.read..self.read + count]);
        self.read += count;
        Ok(count)
    }
}
