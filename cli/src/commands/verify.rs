//! `pik verify`: whether a store holds what its records say.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use pik_core::{IngestTime, Inventory, Notice, Receipt, Verification, verify};
use pik_sqlite::SqliteStore;

use super::verify_lake::verify_lake;
use crate::arguments::{EndpointArgs, Opened, StoreArgs, indexing};
use crate::copies::newest;
use crate::lake::Place;
use crate::progress::{Progress, Unit};
use crate::runtime::block_on;
use crate::terminal::{plain, tell};
use crate::transfer::Target;

/// Check that every record has its raw object and every raw object its record.
///
/// Every raw object is read and must hash to the event_id in its key. Findings go to standard output, one a line, and make
/// the exit code 1. On S3 and DynamoDB this may run beside hosts that ingest. A SQLite file must not be in use: verify a
/// backup of it (`pik backup`). Of such a file, pages, checksums, indexes and counts are checked too; it may be read-only,
/// and damage does not end the verification.
///
/// With `--lake`, what `pik export --format ndjson` or `parquet` wrote is checked: every file must be as it was written and every event
/// in it hash to its id, no other file may lie there, and the events must be those that the store or the host has.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Check the files of a lake, and that it has the events of the store
    #[arg(long, value_name = "FOLDER|s3://…", conflicts_with_all = ["pending_minutes", "repair", "rebuild_indexes"])]
    lake: Option<String>,

    /// Check the files of the lake alone, and ask no store
    #[arg(long, requires = "lake")]
    without_store: bool,

    #[command(flatten)]
    endpoint: EndpointArgs,

    /// Leave out claims that are PENDING for less than this: they may be under way
    #[arg(long, value_name = "MINUTES", default_value_t = 15)]
    pending_minutes: u32,

    /// Finish PENDING claims whose raw object is there
    #[arg(long)]
    repair: bool,

    /// First remove the indexes of a SQLite file and make them again from its records
    #[arg(long)]
    rebuild_indexes: bool,

    /// Print findings as JSON, one a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(lake) = &args.lake {
        let source = if args.without_store { None } else { Some(args.endpoint.source()?) };
        let lake = Place::of(Target::read(lake)?)?;
        return verify_lake(&lake, source.as_deref(), args.json);
    }
    let store = match &args.endpoint {
        EndpointArgs::Store(store) => store,
        EndpointArgs::Host { .. } => {
            bail!(
                "a store is verified where it is, and not over HTTP; name it with --data or --store in place of --url"
            )
        }
    };
    if args.rebuild_indexes {
        ensure!(store.is_sqlite(), "only a SQLite file has indexes that can be made again");
        SqliteStore::rebuild_indexes(store.database(), indexing())?;
    }
    if store.is_sqlite() {
        return inspect(args, store);
    }
    match store.open()? {
        Opened::Sqlite(store) => check(&store, args),
        #[cfg(feature = "aws")]
        Opened::Aws(store) => check(&*store, args),
    }
}

/// A SQLite file, which is read as it is: opening the store would make it, or change it.
fn inspect(args: &Args, store: &StoreArgs) -> anyhow::Result<ExitCode> {
    let mut report = Report::new(args.json);
    let inspected = pik_sqlite::inspect(store.database(), |notice| report.note(notice));
    report.end(inspected.is_ok())?;
    let inspected = inspected?;
    eprintln!("{}", newest(&inspected));
    if inspected.without_checksum > 0 {
        eprintln!(
            "{} records of an older version have no checksum: their arrival and receipt are not checked",
            inspected.without_checksum
        );
    }
    if !inspected.compared_indexes {
        eprintln!("the indexes are of an older version and were not compared; the next start makes them anew");
    }
    Ok(if report.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(inventory: &impl Inventory, args: &Args) -> anyhow::Result<ExitCode> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    let old = now.saturating_sub(Duration::from_secs(60 * u64::from(args.pending_minutes)));
    let how = Verification {
        pending_before: i64::try_from(old.as_millis()).ok().and_then(IngestTime::from_unix_ms).context("the clock")?,
        repair: args.repair.then(|| Receipt::new("verify", fastrand::u64(..), 0)),
    };
    let mut report = Report::new(args.json);
    let walked = block_on(verify(inventory, &how, |notice| report.note(notice)))?;
    report.end(walked.is_ok())?;
    walked?;
    Ok(if report.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints findings as they come, and where the walk stands.
struct Report {
    json: bool,
    out: Box<dyn Write>,
    printed: io::Result<()>,
    progress: Option<Progress>,
    records: usize,
    objects: usize,
    findings: usize,
    repaired: usize,
}

impl Report {
    fn new(json: bool) -> Self {
        let progress = Progress::new(Unit::Count("records and objects"), None);
        let out = progress.results();
        Self { json, out, printed: Ok(()), progress: Some(progress), records: 0, objects: 0, findings: 0, repaired: 0 }
    }

    fn note(&mut self, notice: Notice) {
        match notice {
            Notice::Records(count) => {
                self.records += count;
                self.advance(count);
            }
            Notice::Objects(count) => {
                self.objects += count;
                self.advance(count);
            }
            Notice::Repaired(_) => self.repaired += 1,
            Notice::Found(finding) => {
                self.findings += 1;
                let line = if self.json {
                    serde_json::to_string(&finding).unwrap_or_else(|error| error.to_string())
                } else {
                    plain(&finding.to_string()).into_owned()
                };
                let printed = writeln!(self.out, "{line}");
                if self.printed.is_ok() {
                    self.printed = printed;
                }
            }
        }
        if let Some(progress) = &self.progress {
            progress.note(self.counts());
        }
    }

    fn advance(&self, count: usize) {
        if let Some(progress) = &self.progress {
            progress.advance(count as u64);
        }
    }

    fn counts(&self) -> String {
        let Self { records, objects, findings, repaired, .. } = self;
        format!("{records} records, {objects} raw objects, {findings} findings, {repaired} repaired")
    }

    /// The counts of a walk that did not come to its end are no verdict.
    fn end(&mut self, is_complete: bool) -> io::Result<()> {
        self.out.flush()?;
        self.progress = None;
        if is_complete {
            tell(self.counts());
        } else if self.records + self.objects > 0 {
            tell(format_args!("not finished: {}", self.counts()));
        }
        std::mem::replace(&mut self.printed, Ok(()))
    }
}
