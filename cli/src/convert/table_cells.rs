//! The cells of a table's row.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};
use memchr::{memchr, memchr_iter};

use super::record::{CellText, Record};

/// Takes rows apart.
pub(super) struct Cells {
    delimiter: u8,
    reader: Reader,
    /// What stands between quotes is not as it stands in the row.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Where each cell is in the row, or in the text.
    spans: Vec<(usize, usize)>,
}

impl Cells {
    pub(super) fn new(delimiter: u8) -> Self {
        // Other line feeds of a row are between quotes.
        let reader = ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Self { delimiter, reader, text: Vec::new(), ends: Vec::new(), spans: Vec::new() }
    }

    /// The cells of a whole row without its end.
    pub(super) fn read<'a>(&'a mut self, row: &'a [u8]) -> Record<'a> {
        self.spans.clear();
        let mut start = 0;
        if memchr(b'"', row).is_none() {
            for end in memchr_iter(self.delimiter, row).chain([row.len()]) {
                self.spans.push((start, end));
                start = end + 1;
            }
            let delimiter = self.delimiter;
            return Record::Cells { text: text(row, |byte| byte != delimiter), spans: &self.spans };
        }
        let (count, length) = self.read_quoted(row);
        for end in &self.ends[..count] {
            self.spans.push((start, *end));
            start = *end;
        }
        Record::Cells { text: text(&self.text[..length], |_| true), spans: &self.spans }
    }

    /// How many cells there are, and how long their text is.
    fn read_quoted(&mut self, row: &[u8]) -> (usize, usize) {
        self.reader.reset();
        // Neither can be more than this.
        self.text.resize(row.len().max(self.text.len()), 0);
        self.ends.resize((row.len() + 1).max(self.ends.len()), 0);
        let (_, read, text, cells) = self.reader.read_record(row, &mut self.text, &mut self.ends);
        let (result, _, rest, last) = self.reader.read_record(b"\n", &mut self.text[text..], &mut self.ends[cells..]);
        debug_assert!(read == row.len() && matches!(result, ReadRecordResult::Record), "the row was not whole");
        (cells + last, text + rest)
    }
}

/// The text of cells, in which `counts` says whether a byte is of a cell.
fn text(bytes: &[u8], counts: impl Fn(u8) -> bool) -> CellText<'_> {
    let Ok(text) = std::str::from_utf8(bytes) else { return CellText::Bytes(bytes) };
    // All bytes are looked at, which a compiler makes wide instructions of.
    let is_special = |byte: u8| ((byte < b' ') | (byte == b'"') | (byte == b'\\')) & counts(byte);
    match bytes.iter().fold(false, |found, byte| found | is_special(*byte)) {
        true => CellText::Utf8(text),
        false => CellText::Plain(text),
    }
}
