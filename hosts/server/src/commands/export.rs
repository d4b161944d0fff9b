//! `pik export`: raw objects as files.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use pik_core::RawKey;

use crate::investigate::{SelectionArgs, SourceArgs, each_page};
use crate::output::results;
use crate::transfer::{Folder, Progress, copy};

/// How many objects are held in memory at once.
const SIDE_BY_SIDE: usize = 64;
/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// Write raw objects into a folder, each under its key: raw/source=…/event_type=…/event_date=…/….
///
/// Everything, or what is selected. Each object is checked to hash to the id in its key, written whole and synced. Nothing
/// that exists is changed, so running the same command again writes what is missing. Hive, DuckDB and their like read the
/// folder as a partitioned table. Ends with one line of counts on standard output; the exit code is 1 if anything was
/// refused or unusable.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder; made if it is missing
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    source: SourceArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    super::refuse_scheme(&args.to)?;
    let query = if args.selection.is_empty() { None } else { Some(args.selection.query()?) };
    let source = args.source.open()?;
    let mut folder = Folder::new(&args.to)?;
    let mut progress = Progress::new(None, 0);
    let mut take = |keys: Vec<RawKey>| {
        keys.chunks(SIDE_BY_SIDE).try_for_each(|keys| copy(keys, source.as_ref(), &mut folder, &mut progress))
    };
    let done = match &query {
        None => each_page(|after| source.keys(after), &mut take),
        Some(query) => each_page(
            |after| source.records(query, after, PAGE),
            |records| {
                let mut keys: Vec<RawKey> = records.into_iter().map(|record| record.raw_key).collect();
                // A duplicate has the first occurrence's object, and often stands beside it.
                keys.dedup();
                take(keys)
            },
        ),
    };
    let counts = progress.finish();
    let mut out = results();
    writeln!(out, "{counts}")?;
    out.flush()?;
    done?;
    Ok(if counts.all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
