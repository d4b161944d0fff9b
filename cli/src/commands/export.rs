//! `pik export`: raw objects as files, or many events as rows of a file.

use std::process::ExitCode;

use anyhow::bail;
use clap::ValueEnum;
use pik_core::{EventTime, RawKey, Scope};

use crate::arguments::{End, EndpointArgs, SelectionArgs, event_time, ever, size};
use crate::investigate::{Settled, each_page, refuse_unknown};
use crate::lake::{Asked, Compression, Export, Format, Sizes, asked, export, is_lake, open_lake};
use crate::progress::{Progress, Unit};
use crate::terminal::tell;
use crate::transfer::{Report, Target, copy};

/// How many objects are held in memory at once.
const AT_ONCE: usize = 256;
/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// Above the options that are about files of many events.
const MANY: &str = "Files of many events";
const FILE: usize = 128 << 20;

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// A file of its own, as it was received
    Json,
    /// A line of JSON
    Ndjson,
    /// A row of Parquet; in builds with the feature `parquet`, as releases are
    Parquet,
}

/// Write raw objects into a folder or a bucket, each under its key.
///
/// All of them, or what is selected. Each object must hash to the id in its key, and is written whole and synced. No file
/// that exists is changed and no link is followed, so the same command again writes what is missing. Hive, DuckDB and
/// other tools read the folder as a table with the partitions raw/source=…/event_type=…/event_date=…/…. The last line on
/// standard output has the counts. Standard error says from when on arrivals are not settled yet. The exit code is 1 if
/// anything was refused or unusable.
///
/// With `--format ndjson` or `parquet`, each partition has one file with all its events, or several, and the folder is a lake with
/// manifests: `pik verify --lake` proves it, and `--since-last` adds what arrived since. See docs/lake.md.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder, made if it is missing; or s3://BUCKET/PREFIX, in builds with the feature `aws`
    #[arg(long, value_name = "FOLDER|s3://…")]
    to: String,

    /// One object for each event, or rows of many
    #[arg(long, value_enum, default_value_t = As::Json)]
    format: As,

    /// How files of many events are compressed; zstd if nothing is said
    #[arg(long, value_enum, help_heading = MANY)]
    compression: Option<Compression>,

    /// The most text of a file, before it is compressed; 128MiB if nothing is said
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = MANY)]
    file_bytes: Option<usize>,

    /// How much is held in memory before files are written; 128MiB if nothing is said
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = MANY)]
    buffer_bytes: Option<usize>,

    /// Add what arrived since the last export into this folder, or begin one
    #[arg(long, help_heading = MANY)]
    since_last: bool,

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
    match args.format {
        As::Json => objects(args),
        As::Ndjson => lake(args, Format::Ndjson),
        As::Parquet => lake(args, Format::Parquet),
    }
}

fn lake(args: &Args, format: Format) -> anyhow::Result<ExitCode> {
    format.need()?;
    let target = Target::read(&args.to)?;
    let asked = if args.selection.is_empty(args.end()) {
        let (from, to) = ever();
        Asked { scope: Scope::All, from, to }
    } else {
        asked(args.selection.query(args.end())?)?
    };
    let how = Export {
        format,
        compression: args.compression.unwrap_or(Compression::Zstd),
        sizes: Sizes { file_bytes: args.file_bytes.unwrap_or(FILE), buffer_bytes: args.buffer_bytes.unwrap_or(FILE) },
        since_last: args.since_last,
    };
    let source = args.from.source()?;
    let mut lake = open_lake(&target)?;
    let mut report = Report::new(Progress::new(Unit::Count("events"), None));
    let done = export(lake.as_mut(), asked, &how, source.as_ref(), &mut report);
    let told = done.as_ref().ok().map(|done| (done.files, done.settled_until));
    let code = report.report(done.map(|_| ()))?;
    match told {
        Some((files, Some(until))) => {
            tell(format_args!("{files} files written; the lake has what arrived before {until}"));
        }
        Some((_, None)) => {
            let (named, event_type) = args.selection.stream();
            refuse_unknown(source.as_ref(), named, event_type)?;
            tell("nothing arrived yet; the lake is empty");
        }
        None => {}
    }
    Ok(code)
}

fn objects(args: &Args) -> anyhow::Result<ExitCode> {
    let of_many = [
        ("--compression", args.compression.is_some()),
        ("--file-bytes", args.file_bytes.is_some()),
        ("--buffer-bytes", args.buffer_bytes.is_some()),
        ("--since-last", args.since_last),
    ];
    if let Some((option, _)) = of_many.into_iter().find(|(_, given)| *given) {
        bail!("{option} is about files of many events; add --format ndjson or parquet");
    }
    let target = Target::read(&args.to)?;
    if matches!(target, Target::Queue(_)) {
        bail!("a queue keeps no objects under keys; `pik replay --to {}` sends events there", args.to);
    }
    if is_lake(&target)? {
        bail!("`{}` is a lake, which has files of many events alone; add --format, or name another folder", args.to);
    }
    let query = if args.selection.is_empty(args.end()) { None } else { Some(args.selection.query(args.end())?) };
    let source = args.from.source()?;
    let mut sink = target.open()?;
    let mut report = Report::new(Progress::new(Unit::Count("events"), None));
    let mut take = |keys: Vec<RawKey>| {
        keys.chunks(AT_ONCE).try_for_each(|keys| copy(keys, source.as_ref(), sink.as_mut(), &mut report))
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
    let code = report.report(done)?;
    if let Some(left_out) = left_out {
        tell(left_out);
    }
    Ok(code)
}
