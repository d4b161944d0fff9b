//! `pik restore`: a database out of a backup.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use pik_sqlite::MissingLog;

use crate::copies::{CopyReport, SqliteArgs};

/// Put a backup of the SQLite database into a data folder that has none.
///
/// The backup is verified on the way. A database that is there is never overwritten: move its folder away first, and keep it
/// until you know that you need nothing of it.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: SqliteArgs,

    /// The backup, or another copy of a database
    #[arg(value_name = "FILE")]
    from: PathBuf,

    /// Take a copy that lacks its log (-wal), without the events that only the log has
    #[arg(long)]
    without_log: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let database = args.store.database();
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    }
    let missing_log = if args.without_log { MissingLog::Accept } else { MissingLog::Refuse };
    let mut report = CopyReport::new();
    let inspected = pik_sqlite::copy(&args.from, &database, missing_log, |notice| report.note(&notice))?;
    report.end(&database, &inspected)
}
