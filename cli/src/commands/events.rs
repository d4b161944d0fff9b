//! `pik events`: which events there are.

use std::io::Write;
use std::process::ExitCode;

use pik_core::{EventTime, Record};

use crate::arguments::{End, EndpointArgs, SelectionArgs, event_time};
use crate::investigate::{Lag, Settled, print_table, refuse_unknown, table};
use crate::output::results;
use crate::progress::{Progress, Unit};
use crate::terminal::{plain, tell};

/// How many records are asked for at once.
const PAGE: usize = 500;

/// List events of an entity, of a time range, or of a type and day by lag.
///
/// One question at a time. Prints a table, or with --json a line for each record. Standard error says if there are more
/// events than were shown, and from when on arrivals are not settled yet: ask again from there, and no event is missed.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: SelectionArgs,

    /// The latest event time, excluded
    #[arg(long, alias = "until", value_name = "TIME", value_parser = event_time, help_heading = "Which events")]
    to: Option<EventTime>,

    /// The most records to show; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,

    /// Print records as JSON, one a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    from: EndpointArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let query = args.selection.query(End { flag: "--to", time: args.to })?;
    let source = args.from.source()?;
    let Settled { query, left_out } = Settled::of(query, source.as_ref())?;
    let mut out = results();
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let progress = Progress::of_listing(Unit::Count("records"), None);
    let (mut shown, mut after) = (0, None);
    loop {
        let page = source.records(&query, after.as_ref(), PAGE.min(limit - shown))?;
        if args.json {
            print_json(&mut out, &page.items)?;
        } else {
            print(&mut out, &page.items, shown == 0)?;
        }
        // A reader has these before the next page is asked for.
        out.flush()?;
        shown += page.items.len();
        progress.advance(page.items.len() as u64);
        after = page.next;
        if after.is_none() || shown >= limit {
            break;
        }
    }
    drop(progress);
    if shown == 0 {
        let (named, event_type) = args.selection.stream();
        refuse_unknown(source.as_ref(), named, event_type)?;
        tell("no events");
    }
    if after.is_some() {
        tell(format_args!("{shown} shown, and there are more; raise --limit, or --limit 0 for all"));
    } else if let Some(left_out) = left_out {
        tell(left_out);
    }
    Ok(ExitCode::SUCCESS)
}

/// Records as JSON, one a line.
pub(super) fn print_json(out: &mut impl Write, records: &[Record]) -> anyhow::Result<()> {
    for record in records {
        serde_json::to_writer(&mut *out, record).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn print(out: &mut impl Write, records: &[Record], with_header: bool) -> std::io::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let header = ["EVENT TIME", "ARRIVED", "LAG", "STATUS", "SOURCE", "TYPE", "ENTITY", "EVENT ID"];
    let mut table = table(if with_header { &header } else { &[] }, &[2]);
    for record in records {
        table.add_row([
            record.event_time.to_string(),
            record.ingest_time.to_string(),
            Lag(record.ingest_lag_ms).to_string(),
            record.status.as_str().to_owned(),
            plain(&record.source).into_owned(),
            plain(&record.event_type).into_owned(),
            plain(&record.entity_id).into_owned(),
            record.event_id.to_string(),
        ]);
    }
    print_table(out, table, &["ARRIVED", "STATUS"], with_header)
}
