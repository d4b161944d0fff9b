//! Rows as columns of Parquet.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor};
use pik_core::IngestTime;

use super::compression::Compression;
use super::output::Output;
use super::row::{Each, Found, Row};

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
const ENTITY_ID: i32 = 3;
const EVENT_TIME: i32 = 4;
/// The columns that are texts, and those that are numbers, in their order.
const TEXTS: [(usize, &str); 7] = [
    (0, "event_id"),
    (1, "source"),
    (2, "event_type"),
    (3, "entity_id"),
    (7, "payload_hash"),
    (8, "payload"),
    (9, "raw"),
];
const NUMBERS: [(usize, &str); 3] = [(4, "event_time"), (5, "ingest_time"), (6, "ingest_lag_ms")];

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
        numbers(&mut group, rows, event_micros)?;
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

/// Gives each row of a file, in order.
pub(super) fn read(file: File, each: &mut Each<'_>) -> Result<()> {
    let file = SerializedFileReader::new(file)?;
    check_columns(file.metadata().file_metadata().schema_descr())?;
    for group in 0..file.num_row_groups() {
        let group = file.get_row_group(group)?;
        let mut texts: [Pieces<ByteArrayType>; 7] = pieces(group.as_ref(), TEXTS)?;
        let mut numbers: [Pieces<Int64Type>; 3] = pieces(group.as_ref(), NUMBERS)?;
        let mut left = usize::try_from(group.metadata().num_rows())?;
        while left > 0 {
            let count = texts[0].read(AT_ONCE)?;
            ensure!((1..=left).contains(&count), OTHER_LENGTHS);
            for piece in &mut texts[1..] {
                ensure!(piece.read(count)? == count, OTHER_LENGTHS);
            }
            for piece in &mut numbers {
                ensure!(piece.read(count)? == count, OTHER_LENGTHS);
            }
            left -= count;
            for row in 0..count {
                let texts = texts.each_ref().map(|piece| piece.values[row].data());
                give(texts, numbers.each_ref().map(|piece| piece.values[row]), each)?;
            }
        }
    }
    Ok(())
}

const OTHER_LENGTHS: &str = "its columns have other lengths than it says";

/// The readers below take what they read for columns of these types.
fn check_columns(found: &SchemaDescriptor) -> Result<()> {
    let expected = SchemaDescriptor::new(Arc::new(parse_message_type(SCHEMA)?));
    let is_equal = |(found, expected): (&ColumnDescPtr, &ColumnDescPtr)| {
        (found.path(), found.physical_type()) == (expected.path(), expected.physical_type())
            && (found.max_def_level(), found.max_rep_level()) == (0, 0)
    };
    let is_lake =
        found.num_columns() == expected.num_columns() && found.columns().iter().zip(expected.columns()).all(is_equal);
    ensure!(is_lake, "its columns are other ones than those of a lake");
    Ok(())
}

fn give(texts: [&[u8]; 7], numbers: [i64; 3], each: &mut Each<'_>) -> Result<()> {
    let [event_id, .., raw] = texts;
    let [_, ingest_time, _] = numbers;
    let differs = |row: &Row<'_>| {
        let (event_id, payload_hash) = (row.event_id.hex(), row.payload_hash.hex());
        let expected = [
            &event_id[..],
            row.source.as_bytes(),
            row.event_type.as_bytes(),
            row.entity_id.as_bytes(),
            &payload_hash[..],
            row.payload.get().as_bytes(),
            row.raw.as_bytes(),
        ];
        let text = texts.iter().zip(expected).position(|(found, expected)| *found != expected);
        let expected = [event_micros(row), row.ingest_time.unix_ms() * 1_000, row.ingest_lag_ms];
        let number = numbers.iter().zip(expected).position(|(found, expected)| *found != expected);
        text.map(|place| TEXTS[place].1).or_else(|| number.map(|place| NUMBERS[place].1))
    };
    each(Found {
        event_id: std::str::from_utf8(event_id)?.parse()?,
        ingest_time: IngestTime::from_unix_ms(ingest_time.div_euclid(1_000)).context("a row has no ingest time")?,
        raw: std::str::from_utf8(raw)?,
        differs: &differs,
    })
}

fn event_micros(row: &Row<'_>) -> i64 {
    row.event_time.unix_seconds() * 1_000_000 + i64::from(row.event_time.subsecond_nanoseconds() / 1_000)
}

/// A column, read piece by piece.
struct Pieces<T: DataType> {
    column: ColumnReaderImpl<T>,
    values: Vec<T::T>,
}

impl<T: DataType> Pieces<T> {
    /// Reads the next values, and says how many.
    fn read(&mut self, most: usize) -> Result<usize> {
        self.values.clear();
        self.column.read_records(most, None, None, &mut self.values)?;
        Ok(self.values.len())
    }
}

fn pieces<T: DataType, const COUNT: usize>(
    group: &dyn RowGroupReader,
    columns: [(usize, &str); COUNT],
) -> Result<[Pieces<T>; COUNT]> {
    let mut all = Vec::with_capacity(COUNT);
    for (place, _) in columns {
        all.push(Pieces { column: get_typed_column_reader(group.get_column_reader(place)?), values: Vec::new() });
    }
    Ok(all.try_into().ok().expect("there are as many pieces as columns"))
}

#[cfg(test)]
mod tests {
    use std::io::Seek;

    use serde_json::value::RawValue;

    use super::*;
    use crate::lake::row::Stored;

    const EVENT: &str = r#"{"source":"s","event_type":"t","entity_id":"e","event_time":"2026-10-14T10:00:00.0000019Z","payload":{"b":1.0,"a":2}}"#;

    fn found(change: impl Fn(&mut Row<'_>)) -> Vec<Option<&'static str>> {
        let event = pik_core::Event::parse(EVENT.as_bytes()).unwrap();
        let ingest_time: IngestTime = "2026-10-14T10:00:01.234Z".parse().unwrap();
        let partition = pik_core::RawKey::new(&event, ingest_time).to_string();
        let (partition, _) = partition.rsplit_once('/').unwrap();
        let stored = Stored { event_id: *event.id(), ingest_time, raw: EVENT.as_bytes().to_vec() };
        let rows: Vec<Row<'_>> = (0..2_500)
            .map(|nth| {
                let mut row = Row::read(partition, &stored).unwrap();
                if nth == 2_400 {
                    change(&mut row);
                }
                row
            })
            .collect();
        let file = tempfile::tempfile().unwrap();
        let mut out = Output::new(file.try_clone().unwrap());
        write(&rows, Compression::Zstd, &mut out).unwrap();
        (&file).rewind().unwrap();
        let mut all = Vec::new();
        let mut each = |found: Found<'_>| {
            all.push((found.differs)(&Row::read(partition, &stored)?));
            Ok(())
        };
        read(file, &mut each).unwrap();
        assert_eq!(all.len(), 2_500);
        all.into_iter().filter(Option::is_some).collect()
    }

    #[test]
    fn a_column_that_is_not_as_the_event_says_is_noticed() {
        assert_eq!(found(|_| ()), []);
        assert_eq!(found(|row| row.source.push('x')), [Some("source")]);
        assert_eq!(found(|row| row.event_type.clear()), [Some("event_type")]);
        assert_eq!(found(|row| row.entity_id = "f".into()), [Some("entity_id")]);
        assert_eq!(found(|row| row.event_time = "2026-10-14T10:00:00.000002Z".parse().unwrap()), [Some("event_time")]);
        assert_eq!(found(|row| row.ingest_time = "2026-10-14T10:00:01.235Z".parse().unwrap()), [Some("ingest_time")]);
        assert_eq!(found(|row| row.ingest_lag_ms += 1), [Some("ingest_lag_ms")]);
        assert_eq!(found(|row| row.payload = RawValue::from_string("{}".into()).unwrap()), [Some("payload")]);
    }
}
