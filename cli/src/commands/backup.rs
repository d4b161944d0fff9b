//! `pik backup`: a verified copy of a SQLite database that may be in use.

use std::path::Path;
use std::process::ExitCode;
#[cfg(feature = "aws")]
use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(feature = "aws")]
use anyhow::Context;
#[cfg(feature = "aws")]
use pik_core::IngestTime;
use pik_sqlite::MissingLog;

use crate::backups::Place;
#[cfg(feature = "aws")]
use crate::backups::{BackupBucket, Spare};
use crate::copies::{CopyReport, SqliteArgs};
#[cfg(feature = "aws")]
use crate::terminal::tell;

/// Copy the SQLite database into one file or into a bucket, while a server may go on writing to it.
///
/// The copy holds everything that was answered before the command began. It is verified like `pik verify` does, and has its
/// name only then. An existing file is left as it is. A bucket is sent what it does not have from earlier backups.
/// docs/backup.md says how to keep copies and put one back.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: SqliteArgs,

    /// The file to make; or s3://BUCKET/PREFIX, in builds with the feature `aws`
    #[arg(value_name = "FILE")]
    to: Place,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.to {
        Place::File(file) => to_file(&args.store, file),
        #[cfg(feature = "aws")]
        Place::Bucket(url) => to_bucket(&args.store, url),
        #[cfg(not(feature = "aws"))]
        Place::Bucket(url) => anyhow::bail!("`{url}` is AWS's, and {}", crate::arguments::WITHOUT_AWS),
    }
}

fn to_file(store: &SqliteArgs, file: &Path) -> anyhow::Result<ExitCode> {
    let mut report = CopyReport::new();
    let inspected = pik_sqlite::copy(store.database(), file, MissingLog::Refuse, |notice| report.note(&notice))?;
    report.end(file.display(), &inspected)
}

#[cfg(feature = "aws")]
fn to_bucket(store: &SqliteArgs, url: &str) -> anyhow::Result<ExitCode> {
    let bucket = BackupBucket::new(url)?;
    bucket.need()?;
    let spare = Spare::within(store.folder())?;
    let mut report = CopyReport::new();
    let inspected =
        pik_sqlite::copy(store.database(), spare.file(), MissingLog::Refuse, |notice| report.note(&notice))?;
    // Its bar ends before that of the sending begins.
    let verified = report.verified();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    let now = i64::try_from(now.as_millis()).ok().and_then(IngestTime::from_unix_ms);
    let kept = bucket.keep(spare.file(), inspected.newest, now.context("the clock stands behind the year 9999")?)?;
    tell(format_args!(
        "{} of {} pieces were not there and were sent: {} bytes",
        kept.sent, kept.pieces, kept.sent_bytes
    ));
    verified.end(&kept.url, &inspected)
}
