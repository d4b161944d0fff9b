//! `pik stats`: what happened when, and what is missing.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::ValueEnum;
use pik_core::{Bucket, BucketWidth, EventTime, IngestTime, StatsQuery, Stream};
use serde::Serialize;

use crate::arguments::{EndpointArgs, event_time};
use crate::investigate::{Lag, Source, bar, each_page, print_table, refuse_unknown, table};
use crate::output::results;
use crate::terminal::plain;

/// How many streams are asked for at once.
const PAGE: usize = 1_000;
/// The most buckets that a host answers at once.
const MAX_BUCKETS: usize = 10_000;

/// Count events by hour or day of event time, with their lags: of one type, of several, or of all of a source.
///
/// Every bucket is there, empty ones too: a missing hour is a row of zeros. REJECTED is what was refused of the type in that hour
/// or day, by the clock of the host: the event time is often what was wrong. If there is no event of that source and type at all,
/// the nearest names are told, and the exit code is 1. `pik streams` lists all.
#[derive(clap::Args)]
// clap breaks no usage line.
#[command(
    override_usage = "pik stats [OPTIONS] --source <NAME> [--event-type <NAME>]...\n                 --from <TIME> --to <TIME>"
)]
pub(crate) struct Args {
    /// The origin system
    #[arg(long, value_name = "NAME")]
    source: String,

    /// The logical type; may be given several times. Without it, all types of
    /// the source
    #[arg(long, value_name = "NAME")]
    event_type: Vec<String>,

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
    let query = |event_type: &str| StatsQuery::new(&args.source, event_type, args.from, args.to, width);
    if query("").buckets() > MAX_BUCKETS {
        bail!("more than {MAX_BUCKETS} buckets; move --from and --to together, or take --bucket day");
    }
    let endpoint = args.endpoint.source()?;
    let types = match args.event_type.as_slice() {
        [] => types_of(&args.source, endpoint.as_ref())?,
        named => each_once(named),
    };
    let is_one = !args.event_type.is_empty() && types.len() == 1;
    let mut out = results();
    let mut counted = Vec::new();
    for event_type in types {
        let buckets = endpoint.stats(&query(&event_type))?;
        if buckets.iter().all(|bucket| bucket.accepted == 0 && bucket.duplicate == 0) {
            refuse_unknown(endpoint.as_ref(), Some(&args.source), Some(&event_type))?;
        }
        if args.json {
            for bucket in &buckets {
                let named = Named { event_type: (!is_one).then_some(&event_type), bucket };
                serde_json::to_writer(&mut out, &named).map_err(std::io::Error::from)?;
                out.write_all(b"\n")?;
            }
        } else {
            counted.push((event_type, buckets));
        }
    }
    if !args.json {
        print(&mut out, &counted, width, is_one)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The names, in the order in which they are first there.
fn each_once(names: &[String]) -> Vec<String> {
    let mut once = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name.clone());
        }
    }
    once
}

/// A bucket, with its type where there are several.
#[derive(Serialize)]
struct Named<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a String>,
    #[serde(flatten)]
    bucket: &'a Bucket,
}

/// The types of a source of which there are events.
fn types_of(name: &str, host: &dyn Source) -> anyhow::Result<Vec<String>> {
    let mut types = Vec::new();
    each_page(
        |after| host.streams(after, PAGE),
        |streams: Vec<Stream>| {
            let own = streams.into_iter().filter(|stream| stream.source == name);
            types.extend(own.map(|stream| stream.event_type));
            Ok(())
        },
    )?;
    if types.is_empty() {
        refuse_unknown(host, Some(name), None)?;
    }
    Ok(types)
}

fn print(
    out: &mut impl Write,
    counted: &[(String, Vec<Bucket>)],
    width: BucketWidth,
    is_one: bool,
) -> std::io::Result<()> {
    let header = [
        "TYPE",
        "START",
        "ACCEPTED",
        "DUPLICATE",
        "REJECTED",
        "ALL",
        "P50",
        "P95",
        "P99",
        "MAX",
        "FIRST ARRIVAL",
        "LAST ARRIVAL",
    ];
    let skip = usize::from(is_one);
    let right: Vec<usize> = [2, 3, 4, 6, 7, 8, 9].map(|column| column - skip).to_vec();
    let mut table = table(&header[skip..], &right);
    let all = |bucket: &Bucket| bucket.accepted + bucket.duplicate;
    let max = counted.iter().flat_map(|(_, buckets)| buckets).map(all).max().unwrap_or(0);
    for (event_type, bucket) in counted.iter().flat_map(|(name, buckets)| buckets.iter().map(move |one| (name, one))) {
        let lag = |of: fn(&pik_core::Lags) -> i64| {
            bucket.lag_ms.as_ref().map_or_else(String::new, |lags| Lag(of(lags)).to_string())
        };
        let start = match width {
            BucketWidth::Hour => bucket.start.to_string(),
            BucketWidth::Day => bucket.start.date().to_string(),
        };
        let row = [
            plain(event_type).into_owned(),
            start,
            bucket.accepted.to_string(),
            bucket.duplicate.to_string(),
            bucket.rejected.to_string(),
            bar(all(bucket), max),
            lag(|lags| lags.p50),
            lag(|lags| lags.p95),
            lag(|lags| lags.p99),
            lag(|lags| lags.max),
            time(bucket.first_arrival),
            time(bucket.last_arrival),
        ];
        table.add_row(&row[skip..]);
    }
    print_table(out, table, &["FIRST ARRIVAL", "P95", "LAST ARRIVAL", "P99", "DUPLICATE", "REJECTED"], true)
}

fn time(time: Option<IngestTime>) -> String {
    time.map_or_else(String::new, |time| time.to_string())
}
