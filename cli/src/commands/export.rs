//! `pik export`: raw objects as files.

use std::process::ExitCode;

use anyhow::bail;
use pik_core::{EventTime, RawKey};

use crate::arguments::{End, EndpointArgs, SelectionArgs, event_time};
use crate::investigate::{Settled, each_page, refuse_unknown};
use crate::terminal::tell;
use crate::transfer::{Progress, Target, copy};

/// How many objects are held in memory at once.
const AT_ONCE: usize = 256;
/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// Write raw objects into a folder or a bucket, each under its key.
///
/// All of them, or what is selected. Each object must hash to the id in its key, and is written whole and synced. No file
/// that exists is changed and no link is followed, so the same command again writes what is missing. Hive, DuckDB and
/// other tools read the folder as a table with the partitions raw/source=…/event_type=…/event_date=…/…. The last line on
/// standard output has the counts. Standard error says from when on arrivals are not settled yet. The exit code is 1 if
/// anything was refused or unusable.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder, made if it is missing; or s3://BUCKET/PREFIX, in builds with the feature `aws`
    #[arg(long, value_name = "FOLDER|s3://…")]
    to: String,

    #[command(flatten)]
    selection: SelectionArgs,

    /// The latest event time, excluded
    #[arg(long, value_name = "TIME", value_parser = event_time, help_heading = "Which events")]
    until: Option<EventTime>,

    #[command(flatten)]
    from: EndpointArgs,
}

impl Args {
    fn end(&self) -> End {
        End { flag: "--until", time: self.until }
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let target = Target::read(&args.to)?;
    if matches!(target, Target::Queue(_)) {
        bail!("a queue keeps no objects under keys; `pik replay --to {}` sends events there", args.to);
    }
    let query = if args.selection.is_empty(args.end()) { None } else { Some(args.selection.query(args.end())?) };
    let source = args.from.source()?;
    let mut sink = target.open()?;
    let mut progress = Progress::new(None, 0);
    let mut take = |keys: Vec<RawKey>| {
        keys.chunks(AT_ONCE).try_for_each(|keys| copy(keys, source.as_ref(), sink.as_mut(), &mut progress))
    };
    let mut found = false;
    let done = match query {
        None => source.each_key(&mut take),
        Some(query) => Settled::of(query, source.as_ref()).and_then(|Settled { query, left_out }| {
            each_page(
                |after| source.records(&query, after, PAGE),
                |records| {
                    found |= !records.is_empty();
                    let mut keys: Vec<RawKey> = records.into_iter().map(|record| record.raw_key).collect();
                    // A duplicate has the first occurrence's object, and often stands beside it.
                    keys.dedup();
                    take(keys)
                },
            )?;
            if !found {
                let (named, event_type) = args.selection.stream();
                refuse_unknown(source.as_ref(), named, event_type)?;
            }
            Ok(left_out)
        }),
    };
    let (done, left_out) = match done {
        Ok(left_out) => (Ok(()), left_out),
        Err(error) => (Err(error), None),
    };
    let code = progress.report(done)?;
    if let Some(left_out) = left_out {
        tell(left_out);
    }
    Ok(code)
}
