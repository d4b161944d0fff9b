//! `pik restore`: a database out of a backup.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use pik_sqlite::MissingLog;

use crate::backups::Place;
#[cfg(feature = "aws")]
use crate::backups::{BackupBucket, Spare};
use crate::copies::{CopyReport, SqliteArgs};
#[cfg(feature = "aws")]
use crate::terminal::tell;

/// Put a backup of the SQLite database into a data folder that has none.
///
/// The backup is verified on the way. A database that is there is never overwritten: move its folder away first, and keep it
/// until you know that you need nothing of it.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: SqliteArgs,

    /// The backup, or another copy of a database; or s3://BUCKET/PREFIX for the newest backup there, or
    /// s3://BUCKET/PREFIX/backups/TIME.json for that one
    #[arg(value_name = "FILE")]
    from: Place,

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
    let take = |from: &Path| {
        let mut report = CopyReport::new();
        let inspected = pik_sqlite::copy(from, &database, missing_log, |notice| report.note(&notice))?;
        report.end(database.display(), &inspected)
    };
    match &args.from {
        Place::File(file) => take(file),
        #[cfg(feature = "aws")]
        Place::Bucket(url) => {
            if database.symlink_metadata().is_ok() {
                anyhow::bail!(
                    "`{}` is there already and is never overwritten; move its folder away first",
                    database.display()
                );
            }
            let spare = Spare::within(args.store.folder())?;
            let backup = BackupBucket::new(url)?.fetch(spare.file())?;
            tell(format_args!("`{backup}` is here; it is verified now"));
            take(spare.file())
        }
        #[cfg(not(feature = "aws"))]
        Place::Bucket(url) => anyhow::bail!("`{url}` is AWS's, and {}", crate::arguments::WITHOUT_AWS),
    }
}
