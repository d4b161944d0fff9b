//! `pik tail`: what arrives, as it arrives.

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::bail;
use pik_client::Error;
use pik_core::{IngestTime, Order, Query, Range, Record, Scope, Span};

use super::events::print_json;
use crate::arguments::{EndpointArgs, ingest_time};
use crate::investigate::{Lag, Source, each_page};
use crate::output::results;
use crate::terminal::{plain, tell};

/// How many records are asked for at once.
const PAGE: usize = 1_000;
/// How long a host is asked to wait. API Gateway gives up after 29 seconds.
const WAIT: Duration = Duration::from_secs(20);
/// Between two attempts at a host that does not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// The last millisecond of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

/// Follow what arrives, duplicates too, in the order of arrival.
///
/// Each arrival is printed once, as soon as it is settled: at once on SQLite, after a minute on S3 and DynamoDB or on R2
/// and D1. None is missed and none comes twice, whatever arrives meanwhile, and a host that is away is asked again until it
/// is back. Ends with Ctrl-C or after --limit.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of a source alone
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Of a type alone, with its --source
    #[arg(long, value_name = "NAME", requires = "source")]
    event_type: Option<String>,

    /// Begin with what arrived from here on; a time with its UTC offset, or a
    /// UTC date. Without it, with what arrives from now on
    #[arg(long, value_name = "TIME", value_parser = ingest_time)]
    arrived_from: Option<IngestTime>,

    /// Stop after this many arrivals
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,

    /// Print records as JSON, one a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    endpoint: EndpointArgs,
}

impl Args {
    /// What arrives from a time on.
    fn query(&self, from: IngestTime, to: IngestTime) -> Query {
        let scope = match (self.source.clone(), self.event_type.clone()) {
            (Some(source), Some(event_type)) => Scope::Stream { source, event_type },
            (Some(source), None) => Scope::Source { source },
            (None, _) => return Query::Arrivals { from, to, status: None },
        };
        Query::Range(Range { scope, span: Span::Arrival { from, to }, order: Order::Ascending, status: None })
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (Some(first), Some(last)) = (IngestTime::from_unix_ms(0), IngestTime::from_unix_ms(LAST_MS)) else {
        bail!("no time is before 1970 or after the year 9999");
    };
    let source = args.endpoint.source()?;
    let mut from = match args.arrived_from {
        Some(from) => from,
        // A host takes a window in which nothing lies for a mistake, so this one is not empty.
        None => source.settled_until(&Query::Arrivals { from: first, to: last, status: None })?,
    };
    tell(format_args!("following what arrives from {from} on"));
    let mut out = results();
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut is_away = false;
    while left > 0 {
        let asked = args.query(from, last);
        let until = match source.await_arrivals(&asked, WAIT) {
            Ok(until) => until.max(from),
            Err(error) if may_pass(&error) => {
                if !is_away {
                    tell(format_args!("{error:#}; asking again until there is an answer"));
                }
                is_away = true;
                thread::sleep(PAUSE);
                continue;
            }
            Err(error) => return Err(error),
        };
        is_away = false;
        left -= print_settled(args, source.as_ref(), &asked.frozen(until), left, &mut out)?;
        from = until;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the arrivals of a window that never gains another, at most `most`, and says how many.
fn print_settled(
    args: &Args,
    source: &dyn Source,
    window: &Query,
    most: usize,
    out: &mut impl Write,
) -> anyhow::Result<usize> {
    let mut printed = 0;
    each_page(
        |after| patiently(|| source.records(window, after, PAGE)),
        |mut records: Vec<Record>| {
            records.truncate(most - printed);
            printed += records.len();
            if args.json {
                print_json(out, &records)?;
            } else {
                records.iter().try_for_each(|record| print_line(out, record))?;
            }
            Ok(out.flush()?)
        },
    )?;
    Ok(printed)
}

/// Asks again until a host that is away is back: what was printed of a window must not be printed again.
fn patiently<T>(mut ask: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    loop {
        match ask() {
            Err(error) if may_pass(&error) => thread::sleep(PAUSE),
            answer => return answer,
        }
    }
}

fn may_pass(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<Error>()).any(Error::may_pass)
}

fn print_line(out: &mut impl Write, record: &Record) -> io::Result<()> {
    let Record { ingest_time, ingest_lag_ms, status, source, event_type, entity_id, .. } = record;
    let (source, event_type, entity_id) = (plain(source), plain(event_type), plain(entity_id));
    writeln!(
        out,
        "{ingest_time}  {:>9}  {:<9}  {source}  {event_type}  {entity_id}",
        Lag(*ingest_lag_ms),
        status.as_str()
    )
}
