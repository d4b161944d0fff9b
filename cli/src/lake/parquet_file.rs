//! Rows as columns of Parquet.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use pik_core::EventId;

use super::compression::Compression;
use super::output::Output;
use super::row::Row;

/// Texts are texts, times are instants in UTC, and nothing is guessed from a payload.
const SCHEMA: &str = "
    message event {
        REQUIRED BYTE_ARRAY event_id (STRING);
        REQUIRED BYTE_ARRAY source (STRING);
        REQUIRED BYTE_ARRAY event_type (STRING);
        REQUIRED BYTE_ARRAY entity_id (STRING);
        REQUIRED INT64 event_time (TIMESTAMP(MICROS, true));
        REQUIRED INT64 ingest_time (TIMESTAMP(MICROS, true));
        REQUIRED INT64 ingest_lag_ms;
        REQUIRED BYTE_ARRAY payload_hash (STRING);
        REQUIRED BYTE_ARRAY payload (STRING);
        REQUIRED BYTE_ARRAY raw (STRING);
    }";
const EVENT_ID: usize = 0;
const ENTITY_ID: i32 = 3;
const EVENT_TIME: i32 = 4;
const RAW: usize = 9;

/// How many rows of a file are written, or read, together.
const GROUP: usize = 100_000;
const AT_ONCE: usize = 1_000;

pub(super) fn need() -> Result<()> {
    Ok(())
}

/// Writes rows, in order.
pub(super) fn write(rows: &[Row<'_>], compression: Compression, out: &mut Output<impl Write + Send>) -> Result<()> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties(compression)))?;
    for rows in rows.chunks(GROUP) {
        let mut group = file.next_row_group()?;
        texts(&mut group, rows, |row| row.event_id.hex().to_vec())?;
        texts(&mut group, rows, |row| row.source.clone().into_bytes())?;
        texts(&mut group, rows, |row| row.event_type.clone().into_bytes())?;
        texts(&mut group, rows, |row| row.entity_id.clone().into_bytes())?;
        numbers(&mut group, rows, |row| {
            row.event_time.unix_seconds() * 1_000_000 + i64::from(row.event_time.subsecond_nanoseconds() / 1_000)
        })?;
        numbers(&mut group, rows, |row| row.ingest_time.unix_ms() * 1_000)?;
        numbers(&mut group, rows, |row| row.ingest_lag_ms)?;
        texts(&mut group, rows, |row| row.payload_hash.hex().to_vec())?;
        texts(&mut group, rows, |row| row.payload.get().as_bytes().to_vec())?;
        texts(&mut group, rows, |row| row.raw.as_bytes().to_vec())?;
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn properties(compression: Compression) -> WriterProperties {
    let codec = match compression {
        Compression::Zstd => Codec::ZSTD(ZstdLevel::default()),
        Compression::None => Codec::UNCOMPRESSED,
    };
    let ascending = |column_idx| SortingColumn { column_idx, descending: false, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_compression(codec)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(vec![ascending(ENTITY_ID), ascending(EVENT_TIME)]));
    // No value comes twice.
    for column in ["event_id", "payload_hash", "payload", "raw"] {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    // Statistics help with questions about ranges, and nobody asks for a range of payloads.
    for column in ["payload", "raw"] {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::None);
    }
    properties.build()
}

fn texts<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    rows: &[Row<'_>],
    text: impl Fn(&Row<'_>) -> Vec<u8>,
) -> Result<()> {
    let mut column = group.next_column()?.context("the schema has fewer columns")?;
    for rows in rows.chunks(AT_ONCE) {
        let values: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(text(row))).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
    }
    Ok(column.close()?)
}

fn numbers<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    rows: &[Row<'_>],
    number: impl Fn(&Row<'_>) -> i64,
) -> Result<()> {
    let mut column = group.next_column()?.context("the schema has fewer columns")?;
    let values: Vec<i64> = rows.iter().map(number).collect();
    column.typed::<Int64Type>().write_batch(&values, None, None)?;
    Ok(column.close()?)
}

/// Gives each row of a file, in order: its id, and the event as it was received.
pub(super) fn read(file: File, each: &mut dyn FnMut(EventId, &str) -> Result<()>) -> Result<()> {
    let file = SerializedFileReader::new(file)?;
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group)?;
        let rows = usize::try_from(group.metadata().num_rows())?;
        let (mut ids, mut raws) = (Texts::of(group.as_ref(), EVENT_ID)?, Texts::of(group.as_ref(), RAW)?);
        let mut read = 0;
        while read < rows {
            let (ids, raws) = (ids.next()?, raws.next()?);
            ensure!(ids.len() == raws.len() && !ids.is_empty(), "its columns have other lengths than it says");
            read += ids.len();
            for (id, raw) in ids.iter().zip(raws) {
                each(id.as_utf8()?.parse()?, raw.as_utf8()?)?;
            }
        }
    }
    Ok(())
}

/// A column of texts, read piece by piece.
struct Texts {
    column: parquet::column::reader::ColumnReaderImpl<ByteArrayType>,
    values: Vec<ByteArray>,
}

impl Texts {
    fn of(group: &dyn RowGroupReader, column: usize) -> Result<Self> {
        Ok(Self { column: get_typed_column_reader(group.get_column_reader(column)?), values: Vec::new() })
    }

    fn next(&mut self) -> Result<&[ByteArray]> {
        self.values.clear();
        self.column.read_records(AT_ONCE, None, None, &mut self.values)?;
        Ok(&self.values)
    }
}
