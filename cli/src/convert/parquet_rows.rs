//! The rows of a Parquet file, as objects.

use std::fs::File;

use anyhow::{Context, Result, ensure};
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::parquet_column::{Values, is_float, values};

/// Goes through the rows of a file, a group of rows after the other.
pub(super) struct ParquetRows {
    file: SerializedFileReader<File>,
    /// The columns that are read.
    used: Vec<Used>,
    next_group: usize,
    /// How many rows of the group are left.
    left: usize,
    columns: Vec<Box<dyn Values>>,
    /// The number of the next row, from 1.
    row: u64,
    rows: u64,
    bytes: u64,
}

/// A column that is read.
struct Used {
    place: usize,
    name: String,
    /// The name as JSON, with its colon.
    json_name: Vec<u8>,
}

/// A row that was read.
pub(super) struct ParquetRow {
    pub(super) number: u64,
    /// Its share of the file.
    pub(super) bytes: u64,
    pub(super) problem: Option<String>,
}

impl ParquetRows {
    pub(super) fn open(file: File) -> Result<Self> {
        let bytes = file.metadata()?.len();
        let file = SerializedFileReader::new(file)?;
        let rows = u64::try_from(file.metadata().file_metadata().num_rows())?;
        Ok(Self { file, used: Vec::new(), next_group: 0, left: 0, columns: Vec::new(), row: 1, rows, bytes })
    }

    /// The names of the columns, and whether each is one of floats.
    pub(super) fn columns(&self) -> Vec<(String, bool)> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        let fields = schema.root_schema().get_fields().iter();
        let float =
            |name: &str| schema.columns().iter().any(|column| column.path().parts() == [name] && is_float(column));
        fields.map(|field| (field.name().to_owned(), float(field.name()))).collect()
    }

    /// Says which columns are needed, by their names. One that cannot be read is an error.
    pub(super) fn read_only(&mut self, names: &[&str]) -> Result<()> {
        let schema = self.file.metadata().file_metadata().schema_descr_ptr();
        for (place, column) in schema.columns().iter().enumerate() {
            let name = column.path().parts().first().context("a column has no name")?;
            if names.contains(&&**name) {
                let json_name = [&*serde_json::to_vec(name)?, b":"].concat();
                self.used.push(Used { place, name: name.clone(), json_name });
            }
        }
        self.begin_group()
    }

    /// Begins the next group with rows.
    fn begin_group(&mut self) -> Result<()> {
        while self.left == 0 && self.next_group < self.file.num_row_groups() {
            let group = self.file.get_row_group(self.next_group)?;
            self.next_group += 1;
            self.left = usize::try_from(group.metadata().num_rows())?;
            self.columns.clear();
            for Used { place, name, .. } in &self.used {
                let chunk = group.metadata().column(*place);
                // The library panics at these.
                let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
                ensure!(
                    start >= 0 && chunk.compressed_size() >= 0,
                    "the file is damaged: the column `{name}` has a place or a length below zero"
                );
                let about = chunk.column_descr();
                let column = group.get_column_reader(*place).map_err(Into::into);
                let column = column.and_then(|reader| values(about, reader));
                self.columns.push(column.with_context(|| {
                    format!("cannot read the column `{name}`; `--payload @a,@b` says which columns are needed")
                })?);
            }
        }
        Ok(())
    }

    /// Appends the next row; `None` at the end.
    pub(super) fn read(&mut self, json: &mut Vec<u8>) -> Result<Option<ParquetRow>> {
        self.begin_group()?;
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let (number, mut problem) = (self.row, None);
        self.row += 1;
        for (nth, (Used { name, json_name, .. }, column)) in self.used.iter().zip(&mut self.columns).enumerate() {
            json.push(if nth == 0 { b'{' } else { b',' });
            json.extend_from_slice(json_name);
            let written = column.write_next(json).with_context(|| format!("row {number} and what is behind it"))?;
            if let Err(what) = written {
                problem.get_or_insert_with(|| format!("member `{name}` {what}"));
                json.extend_from_slice(b"null");
            }
        }
        if self.used.is_empty() {
            json.push(b'{');
        }
        json.push(b'}');
        let share = |row: u64| (u128::from(self.bytes) * u128::from(row) / u128::from(self.rows.max(1))) as u64;
        Ok(Some(ParquetRow { number, bytes: share(number) - share(number - 1), problem }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::data_type::{DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    #[test]
    fn rows_of_several_groups_are_read_one_by_one() {
        let schema = "message rows { OPTIONAL INT64 id; REQUIRED DOUBLE ratio; }";
        let file = tempfile::tempfile().unwrap();
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(file.try_clone().unwrap(), schema, properties).unwrap();
        for first in [0_i64, 700, 1_400] {
            let rows = first..first + 700;
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let (levels, ids): (Vec<i16>, Vec<i64>) =
                (rows.clone().map(|n| i16::from(n % 3 != 0)).collect(), rows.clone().filter(|n| n % 3 != 0).collect());
            column.typed::<Int64Type>().write_batch(&ids, Some(&levels), None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let ratios: Vec<f64> = rows.map(|n| if n == 5 { f64::NAN } else { n as f64 / 4.0 }).collect();
            column.typed::<DoubleType>().write_batch(&ratios, None, None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        }
        writer.close().unwrap();

        let mut rows = ParquetRows::open(file.try_clone().unwrap()).unwrap();
        assert_eq!(rows.columns(), [("id".to_owned(), false), ("ratio".to_owned(), true)]);
        rows.read_only(&["ratio", "id"]).unwrap();
        let (mut json, mut bytes) = (Vec::new(), 0);
        for n in 0..2_100 {
            json.clear();
            let row = rows.read(&mut json).unwrap().unwrap();
            let id = if n % 3 == 0 { "null".to_owned() } else { n.to_string() };
            let ratio = if n == 5 { "\"NaN\"".to_owned() } else { format!("{:?}", f64::from(n) / 4.0) };
            assert_eq!(String::from_utf8_lossy(&json), format!("{{\"id\":{id},\"ratio\":{ratio}}}"));
            assert_eq!((row.number, row.problem), (n as u64 + 1, None));
            bytes += row.bytes;
        }
        assert!(rows.read(&mut json).unwrap().is_none());
        assert_eq!(bytes, file.metadata().unwrap().len());
    }
}
