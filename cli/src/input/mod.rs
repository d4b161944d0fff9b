//! Events in files and on standard input, read one at a time in constant memory.

mod array;
mod found;
mod lines;
mod reader;
mod shape;
mod text;

use std::path::PathBuf;

pub(crate) use array::ArrayWalk;
pub(crate) use lines::read_line;
pub(crate) use reader::{Item, Reader};
pub(crate) use shape::binary;
pub(crate) use text::{Text, is_blank};

/// Which files to read, and what is in them.
#[derive(clap::Args)]
pub(crate) struct InputArgs {
    /// Files to read; `-`, or none at all, is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What a file holds
    #[arg(
        long,
        value_enum,
        default_value_t = Format::Auto,
        long_help = "What a file holds. auto: an array if the file begins with `[`; one event spread over lines if its first \
            line ends inside a JSON value, as `{` alone does; else NDJSON"
    )]
    format: Format,
}

/// What a file holds, as the command line says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Told apart by how the file begins
    Auto,
    /// One event a line; blank lines are skipped
    Ndjson,
    /// The whole file is one event
    Event,
    /// The whole file is one JSON array of events
    Array,
}

impl InputArgs {
    /// Starts reading, the files in the order given.
    pub(crate) fn reader(&self) -> Reader {
        let mut files = self.files.clone();
        if files.is_empty() {
            files.push(PathBuf::from("-"));
        }
        Reader::new(files, self.format)
    }

    /// The size of all files together; `None` when one of them has no size known beforehand.
    pub(crate) fn total_bytes(&self) -> Option<u64> {
        let regular = |path: &PathBuf| path.metadata().ok().filter(|found| found.is_file()).map(|found| found.len());
        if self.files.is_empty() { None } else { self.files.iter().map(regular).sum() }
    }
}
