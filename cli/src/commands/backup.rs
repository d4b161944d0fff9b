//! `pik backup`: a verified copy of a SQLite database that may be in use.

use std::path::PathBuf;
use std::process::ExitCode;

use pik_sqlite::MissingLog;

use crate::copies::{CopyReport, SqliteArgs};

/// Copy the SQLite database into one file, while a server may go on writing to it.
///
/// The copy holds everything that was answered before the command began. It is verified like `pik verify` does, and has its
/// name only then. An existing file is left as it is. docs/backup.md says how to keep copies and put one back.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: SqliteArgs,

    /// The file to make
    #[arg(value_name = "FILE")]
    to: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut report = CopyReport::new();
    let inspected =
        pik_sqlite::copy(args.store.database(), &args.to, MissingLog::Refuse, |notice| report.note(&notice))?;
    report.end(&args.to, &inspected)
}
