//! What backup and restore have in common: the folder of the database, and what is told of a copy.

use std::fmt::Display;
use std::io::Write;
#[cfg(feature = "aws")]
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use pik_core::Notice;
use pik_sqlite::Inspected;

use crate::arguments::DATABASE;
use crate::output::results;
use crate::progress::{Progress, Unit};
use crate::terminal::plain;

/// Where the SQLite database is.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SqliteArgs {
    /// The folder of the SQLite database
    #[arg(long, env = "PIK_DATA", value_name = "FOLDER", default_value = "./data")]
    data: PathBuf,
}

impl SqliteArgs {
    /// Where the file is.
    #[cfg(feature = "aws")]
    pub(crate) fn folder(&self) -> &Path {
        &self.data
    }

    /// The file.
    pub(crate) fn database(&self) -> PathBuf {
        self.data.join(DATABASE)
    }
}

/// What is told of a copy while it is verified.
pub(crate) struct CopyReport {
    progress: Progress,
    records: usize,
    objects: usize,
}

impl CopyReport {
    pub(crate) fn new() -> Self {
        Self { progress: Progress::new(Unit::Count("records and objects verified"), None), records: 0, objects: 0 }
    }

    pub(crate) fn note(&mut self, notice: &Notice) {
        match notice {
            Notice::Records(count) => {
                self.records += count;
                self.progress.advance(*count as u64);
            }
            Notice::Objects(count) => {
                self.objects += count;
                self.progress.advance(*count as u64);
            }
            Notice::Found(finding) => self.progress.tell(finding),
            Notice::Repaired(_) => {}
        }
    }

    /// The end of the progress.
    pub(crate) fn verified(self) -> Verified {
        Verified { records: self.records, objects: self.objects }
    }

    /// The end of the progress, and one line on standard output.
    pub(crate) fn end(self, copy: impl Display, inspected: &Inspected) -> anyhow::Result<ExitCode> {
        self.verified().end(copy, inspected)
    }
}

/// What a copy has.
pub(crate) struct Verified {
    records: usize,
    objects: usize,
}

impl Verified {
    /// One line on standard output.
    pub(crate) fn end(self, copy: impl Display, inspected: &Inspected) -> anyhow::Result<ExitCode> {
        let Self { records, objects } = self;
        writeln!(
            results(),
            "{}: {records} records, {objects} raw objects, verified; {}",
            plain(&copy.to_string()),
            newest(inspected)
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// When the newest record arrived, as a sentence.
pub(crate) fn newest(inspected: &Inspected) -> String {
    inspected.newest.map_or_else(|| "there are no records".to_owned(), |newest| format!("the newest arrived {newest}"))
}
