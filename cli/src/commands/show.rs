//! `pik show`: one event, and how often it came.

use std::io::Write;
use std::process::ExitCode;

use pik_core::{Query, Record};

use super::events::print_json;
use crate::arguments::EventArgs;
use crate::investigate::{Lag, table};
use crate::output::results;
use crate::terminal::{plain, tell};

/// Show one event: its record, where its raw object is, and its duplicates by arrival.
///
/// The exit code is 1 when no such event was ingested.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The most duplicates to show
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,

    /// Print records as JSON, one a line, the first occurrence's first
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    event: EventArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some((source, event)) = args.event.find()? else {
        return Ok(ExitCode::FAILURE);
    };
    let query = Query::Duplicates { event_id: event.event_id };
    let (mut duplicates, mut after) = (Vec::new(), None);
    while duplicates.len() < args.limit {
        let page = source.records(&query, after.as_ref(), args.limit - duplicates.len())?;
        duplicates.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut out = results();
    if args.json {
        print_json(&mut out, &[event])?;
        print_json(&mut out, &duplicates)?;
    } else {
        print(&mut out, &event, &duplicates)?;
    }
    out.flush()?;
    if after.is_some() {
        tell(format_args!("{} duplicates shown, and there are more; raise --limit", duplicates.len()));
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, event: &Record, duplicates: &[Record]) -> std::io::Result<()> {
    let lag = format!("{} ({} ms)", Lag(event.ingest_lag_ms), event.ingest_lag_ms);
    let raw = format!("{}/{}, {} bytes", event.raw_bucket, event.raw_key, event.raw_size);
    for (name, value) in [
        ("event id", event.event_id.to_string()),
        ("source", event.source.clone()),
        ("event type", event.event_type.clone()),
        ("entity", event.entity_id.clone()),
        ("event time", event.event_time.to_string()),
        ("arrived", event.ingest_time.to_string()),
        ("lag", lag),
        ("raw object", raw),
        ("payload hash", event.payload_hash.to_string()),
        ("request", event.receipt.request_id().to_owned()),
    ] {
        writeln!(out, "{name:<14}{}", plain(&value))?;
    }
    if duplicates.is_empty() {
        return writeln!(out, "\nno duplicates");
    }
    let mut rows = table(&["DUPLICATE ARRIVED", "LAG", "AFTER THE FIRST", "REQUEST"], &[1, 2]);
    for duplicate in duplicates {
        rows.add_row([
            duplicate.ingest_time.to_string(),
            Lag(duplicate.ingest_lag_ms).to_string(),
            Lag(duplicate.ingest_time.unix_ms() - event.ingest_time.unix_ms()).to_string(),
            plain(duplicate.receipt.request_id()).into_owned(),
        ]);
    }
    writeln!(out, "\n{}", rows.trim_fmt())
}
