//! `pik streams`: which sources and types there are.

use std::io::Write;
use std::process::ExitCode;

use pik_core::Stream;

use crate::arguments::EndpointArgs;
use crate::investigate::{print_table, table};
use crate::output::results;
use crate::terminal::{plain, tell};

/// How many streams are asked for at once.
const PAGE: usize = 1_000;

/// List the sources and types of which there are events.
///
/// With how many there are and how many were refused, when the first and the last one arrived, and the latest event time. S3 with DynamoDB, and R2
/// with D1, do not count: there the names stand alone.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The most streams to show; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    limit: usize,

    /// Print streams as JSON, one a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    endpoint: EndpointArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let source = args.endpoint.source()?;
    let mut out = results();
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let (mut shown, mut after) = (0, None);
    loop {
        let page = source.streams(after.as_ref(), PAGE.min(limit - shown))?;
        if args.json {
            for stream in &page.items {
                serde_json::to_writer(&mut out, stream).map_err(std::io::Error::from)?;
                out.write_all(b"\n")?;
            }
        } else {
            print(&mut out, &page.items, shown == 0)?;
        }
        out.flush()?;
        shown += page.items.len();
        after = page.next;
        if after.is_none() || shown >= limit {
            break;
        }
    }
    if shown == 0 {
        tell("no events");
    }
    if after.is_some() {
        tell(format_args!("{shown} shown, and there are more; raise --limit, or --limit 0 for all"));
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, streams: &[Stream], with_header: bool) -> std::io::Result<()> {
    if streams.is_empty() {
        return Ok(());
    }
    let header =
        ["SOURCE", "TYPE", "ACCEPTED", "DUPLICATE", "REJECTED", "FIRST ARRIVAL", "LAST ARRIVAL", "LAST EVENT TIME"];
    let mut table = table(if with_header { &header } else { &[] }, &[2, 3, 4]);
    for stream in streams {
        let count = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
        let time = |time: Option<pik_core::IngestTime>| time.map_or_else(String::new, |time| time.to_string());
        table.add_row([
            plain(&stream.source).into_owned(),
            plain(&stream.event_type).into_owned(),
            count(stream.accepted),
            count(stream.duplicate),
            stream.rejected.to_string(),
            time(stream.first_arrival),
            time(stream.last_arrival),
            stream.last_event_time.map_or_else(String::new, |time| time.to_string()),
        ]);
    }
    print_table(out, table, &["LAST EVENT TIME", "FIRST ARRIVAL", "DUPLICATE"], with_header)
}
