//! `pik rejected`: what was refused, why, and sent again once it is repaired.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use pik_core::{Code, IngestTime, RejectedHours, RejectionQuery, RejectionRecord};

use crate::arguments::{EndpointArgs, ingest_time};
use crate::investigate::{Source, table};
use crate::output::results;
use crate::progress::{Progress, Unit};
use crate::rejected::{Export, Resend};
use crate::terminal::{plain, plain_json, tell};

/// How many records are asked for at once.
const PAGE: usize = 1_000;
const MS_PER_DAY: i64 = 86_400_000;

/// Show what was refused: the newest first, equal ones once with a count.
///
/// A host keeps a record of each refused event, and its first 8 KiB where it runs with --keep-rejected-bodies. How many
/// are kept, and how long, is bounded; the count on standard error is exact for whole hours. Codes are explained in
/// docs/errors.md. What a client refuses by itself, as `pik send` does, never reaches a host.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Refused at this time or later: a time with its UTC offset, or a UTC date. 31 days ago if nothing is said
    #[arg(long, value_name = "TIME", value_parser = ingest_time)]
    from: Option<IngestTime>,

    /// Refused before this time
    #[arg(long, value_name = "TIME", value_parser = ingest_time)]
    to: Option<IngestTime>,

    /// The origin system, where that could be read
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// What was wrong, such as missing_offset
    #[arg(long, value_name = "CODE", value_parser = code)]
    code: Option<Code>,

    /// The most records; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    limit: usize,

    /// Print records as JSON, one a line
    #[arg(long)]
    json: bool,

    /// Write the bodies that were kept into this folder, as text files, with the records in rejections.ndjson
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["json", "resend"])]
    export: Option<PathBuf>,

    /// Send the bodies that were kept whole to the host again
    #[arg(long, conflicts_with = "json")]
    resend: bool,

    /// With --resend: a shell command that repairs a body: it gets one on standard input and writes an event, a JSON array
    /// of events, or one event a line
    #[arg(long, value_name = "COMMAND", requires = "resend")]
    fix: Option<String>,

    #[command(flatten)]
    endpoint: EndpointArgs,
}

fn code(text: &str) -> Result<Code, String> {
    Code::from_stored(text).ok_or_else(|| {
        let known: Vec<&str> = Code::ALL.into_iter().map(Code::as_str).collect();
        format!("not a code; write one of {}", known.join(", "))
    })
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    let now = i64::try_from(now.as_millis()).context("the clock stands behind the year 9999")?;
    let at = |ms| IngestTime::from_unix_ms(ms).context("beyond the year 9999");
    // The host's clock may be ahead.
    let to = args.to.map_or_else(|| at(now + MS_PER_DAY), Ok)?;
    let from = args.from.map_or_else(|| at(to.unix_ms() - 32 * MS_PER_DAY), Ok)?;
    if from >= to {
        bail!("--from is not before --to; nothing lies between them");
    }
    let query = RejectionQuery { from, to, source: args.source.clone(), code: args.code };
    let source = args.endpoint.source()?;
    if args.resend {
        let EndpointArgs::Host { url, token } = &args.endpoint else {
            bail!("--resend goes to a host; name it with --url")
        };
        let mut resend = Resend::new(url, token.as_deref(), args.fix.clone())?;
        each(args, &*source, &query, &mut |records| resend.take(&records))?;
        return resend.finish();
    }
    if let Some(folder) = &args.export {
        let mut export = Export::new(folder)?;
        each(args, &*source, &query, &mut |records| export.take(&records))?;
        return export.finish();
    }
    let mut out = results();
    let mut is_first = true;
    each(args, &*source, &query, &mut |records| {
        if args.json {
            for record in &records {
                let json = serde_json::to_string(record)?;
                writeln!(out, "{}", plain_json(&json))?;
            }
        } else {
            print(&mut out, &records, is_first)?;
        }
        is_first = false;
        Ok(out.flush()?)
    })?;
    tell_counts(args, &*source, &query)?;
    Ok(ExitCode::SUCCESS)
}

/// Hands over the records that are asked for, page by page.
fn each(
    args: &Args,
    source: &dyn Source,
    query: &RejectionQuery,
    take: &mut dyn FnMut(Vec<RejectionRecord>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let unit = Unit::Count("records");
    let is_listing = !args.resend && args.export.is_none();
    let progress = if is_listing { Progress::of_listing(unit, None) } else { Progress::new(unit, None) };
    let (mut shown, mut after) = (0, None);
    loop {
        let page = source.rejections(query, after.as_ref(), PAGE.min(limit - shown))?;
        let count = page.items.len();
        shown += count;
        after = page.next;
        take(page.items)?;
        progress.advance(count as u64);
        if after.is_none() {
            return Ok(());
        }
        if shown >= limit {
            drop(progress);
            let records = if shown == 1 { "record" } else { "records" };
            tell(format_args!("{shown} {records}, and there are more; raise --limit, or --limit 0 for all"));
            return Ok(());
        }
    }
}

fn print(out: &mut impl Write, records: &[RejectionRecord], with_header: bool) -> std::io::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let header = ["LAST REFUSED", "COUNT", "CODE", "AT", "SOURCE", "TYPE", "ENTITY", "REQUEST"];
    let mut table = table(if with_header { &header } else { &[] }, &[1]);
    for record in records {
        let (code, path) = record.errors.first().map_or(("", ""), |first| (first.code.as_str(), first.path.as_str()));
        let more = record.errors.len().saturating_sub(1);
        let code = if more > 0 { format!("{code} +{more}") } else { code.to_owned() };
        let text = |text: &Option<String>| text.as_deref().map_or_else(String::new, |text| plain(text).into_owned());
        table.add_row([
            record.last_time.to_string(),
            record.count.to_string(),
            code,
            plain(path).into_owned(),
            text(&record.legible.source),
            text(&record.legible.event_type),
            text(&record.legible.entity_id),
            plain(&record.request_id).into_owned(),
        ]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

/// How much was refused in all, records or not.
fn tell_counts(args: &Args, source: &dyn Source, query: &RejectionQuery) -> anyhow::Result<()> {
    let RejectionQuery { from, to, source: of, .. } = query;
    let hours = RejectedHours { from: *from, to: *to, source: of.clone(), event_type: None };
    let (mut count, mut unrecorded) = (0, 0);
    for hour in source.rejected_hours(&hours)? {
        count += hour.refusals.count;
        unrecorded += hour.refusals.unrecorded;
    }
    let of = args.source.as_ref().map_or_else(String::new, |source| format!(" of {}", plain(source)));
    match (count, unrecorded) {
        (0, _) => tell(format_args!("nothing{of} was refused in these hours")),
        (_, 0) => tell(format_args!("refused{of} in these hours: {count}")),
        _ => tell(format_args!("refused{of} in these hours: {count}, of which {unrecorded} left no record")),
    }
    Ok(())
}
