//! `pik stats`: what happened when, and what is missing.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::ValueEnum;
use pik_core::{Bucket, BucketWidth, EventTime, IngestTime, StatsQuery};

use crate::arguments::{EndpointArgs, event_time};
use crate::investigate::{Lag, bar, refuse_unknown, table};
use crate::output::results;

/// The most buckets that a host answers at once.
const MAX_BUCKETS: usize = 10_000;

/// Count a type's events by hour or day of event time, with their lags.
///
/// Every bucket is there, empty ones too: a missing hour is a row of zeros. If there is no event of that source and type at all,
/// the nearest names are told, and the exit code is 1. `pik streams` lists all.
#[derive(clap::Args)]
// clap breaks no usage line.
#[command(
    override_usage = "pik stats [OPTIONS] --source <NAME> --event-type <NAME>\n                 --from <TIME> --to <TIME>"
)]
pub(crate) struct Args {
    /// The origin system
    #[arg(long, value_name = "NAME")]
    source: String,

    /// The logical type
    #[arg(long, value_name = "NAME")]
    event_type: String,

    /// The earliest event time, included; a time with its UTC offset, or a UTC date. Buckets are whole
    #[arg(long, value_name = "TIME", value_parser = event_time)]
    from: EventTime,

    /// The latest event time, excluded
    #[arg(long, alias = "until", value_name = "TIME", value_parser = event_time)]
    to: EventTime,

    /// The width of a bucket
    #[arg(long, value_enum, default_value_t = Width::Hour)]
    bucket: Width,

    /// Print buckets as JSON, one a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    endpoint: EndpointArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Width {
    Hour,
    Day,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.from >= args.to {
        bail!("--from is not before --to; nothing lies between them");
    }
    let width = match args.bucket {
        Width::Hour => BucketWidth::Hour,
        Width::Day => BucketWidth::Day,
    };
    let query = StatsQuery::new(&args.source, &args.event_type, args.from, args.to, width);
    if query.buckets() > MAX_BUCKETS {
        bail!("more than {MAX_BUCKETS} buckets; move --from and --to together, or take --bucket day");
    }
    let endpoint = args.endpoint.source()?;
    let buckets = endpoint.stats(&query)?;
    if buckets.iter().all(|bucket| bucket.accepted == 0 && bucket.duplicate == 0) {
        refuse_unknown(endpoint.as_ref(), Some(&args.source), Some(&args.event_type))?;
    }
    let mut out = results();
    if args.json {
        for bucket in &buckets {
            serde_json::to_writer(&mut out, bucket).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
    } else {
        print(&mut out, &buckets, width)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, buckets: &[Bucket], width: BucketWidth) -> std::io::Result<()> {
    let header = ["START", "ACCEPTED", "DUPLICATE", "ALL", "P50", "P95", "P99", "MAX", "FIRST ARRIVAL", "LAST ARRIVAL"];
    let mut table = table(&header, &[1, 2, 4, 5, 6, 7]);
    let all = |bucket: &Bucket| bucket.accepted + bucket.duplicate;
    let max = buckets.iter().map(all).max().unwrap_or(0);
    for bucket in buckets {
        let lag = |of: fn(&pik_core::Lags) -> i64| {
            bucket.lag_ms.as_ref().map_or_else(String::new, |lags| Lag(of(lags)).to_string())
        };
        let start = match width {
            BucketWidth::Hour => bucket.start.to_string(),
            BucketWidth::Day => bucket.start.date().to_string(),
        };
        table.add_row([
            start,
            bucket.accepted.to_string(),
            bucket.duplicate.to_string(),
            bar(all(bucket), max),
            lag(|lags| lags.p50),
            lag(|lags| lags.p95),
            lag(|lags| lags.p99),
            lag(|lags| lags.max),
            time(bucket.first_arrival),
            time(bucket.last_arrival),
        ]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

fn time(time: Option<IngestTime>) -> String {
    time.map_or_else(String::new, |time| time.to_string())
}
