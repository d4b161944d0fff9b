//! `pik convert`: rows of a table, as events.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::tz::TimeZone;

use crate::convert::{
    Cell, ColumnName, Conversion, Kind, Members, Moments, OnAmbiguous, OnEmpty, OnNan, PayloadFrom, Plan, Rows,
    TimeFormat, zone,
};
use crate::output::results;
use crate::progress::{Progress, Unit};
use crate::terminal::tell;

/// Turn the rows of a CSV, TSV, NDJSON, JSON or Parquet file into events, one a line.
///
/// A member is a text for all rows, or `@COLUMN` (`@@` begins a text that begins with `@`); in JSON, a column is a member of each object. Cells
/// are texts; `--numbers` names the columns that are numbers. Values of JSON stay as they are. Each event is checked against the contract. Events go to standard output, refused rows with their line to standard error; the exit
/// code is 1 if there is any.
#[derive(clap::Args)]
#[command(
    override_usage = "pik convert --source <…> --event-type <…> --entity-id <…>\n           --event-time <…> [OPTIONS] [FILE]"
)]
pub(crate) struct Args {
    /// A table with a header or objects in UTF-8, or Parquet; `-` is standard input
    #[arg(default_value = "-")]
    file: PathBuf,

    /// The origin system: a text or @COLUMN
    #[arg(long, value_name = "TEXT|@COLUMN")]
    source: Cell,

    /// What happened: a text or @COLUMN
    #[arg(long, value_name = "TEXT|@COLUMN")]
    event_type: Cell,

    /// Whom it concerns: a text or @COLUMN
    #[arg(long, value_name = "TEXT|@COLUMN")]
    entity_id: Cell,

    /// When it happened: a text or @COLUMN
    #[arg(long, value_name = "TEXT|@COLUMN")]
    event_time: Cell,

    /// What the file holds; without it, told by its name and its first byte
    #[arg(long, value_name = "FORMAT")]
    format: Option<Kind>,

    /// How times are spelled, unless as ISO 8601 or in a way that can mean one time only: epoch-s, epoch-ms, epoch-us, epoch-ns, excel,
    /// excel-1904, or a pattern of strptime such as '%d.%m.%Y %H:%M'
    #[arg(long, value_name = "FORMAT")]
    time_format: Option<TimeFormat>,

    /// Where clocks showed the times that have no UTC offset, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    time_zone: Option<TimeZone>,

    /// What a local time means that was twice, because clocks were set back
    #[arg(long, value_name = "WHICH", default_value = "error")]
    on_ambiguous: OnAmbiguous,

    /// The payload: `rest` (all columns that no other member takes), `@a,@b`, or `json:@a` for the JSON in a column
    #[arg(long, value_name = "COLUMNS", default_value = "rest")]
    payload: PayloadFrom,

    /// Columns of the payload that are numbers, such as @a,@b; digits are kept as they are
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    numbers: Vec<ColumnName>,

    /// What an empty cell of the payload becomes, or `null` in JSON
    #[arg(long, value_name = "WHAT")]
    null: Option<OnEmpty>,

    /// What becomes of NaN, inf and -inf among `--numbers`
    #[arg(long, value_name = "WHAT", default_value = "error")]
    nan: OnNan,

    /// What stands between cells; without it, a tab in files named .tsv or .tab and a comma in others
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,

    /// Write the refused rows to this new file, with the header of a table, to be mended and converted
    #[arg(long, value_name = "FILE")]
    rejected_to: Option<PathBuf>,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("one ASCII character, such as `;` or `\\t`".to_owned()),
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let (name, input, size) = open(&args.file)?;
    let mut rows = Rows::new(&args.file, &name, input, args.format, args.delimiter)?;
    let members = Members {
        source: &args.source,
        event_type: &args.event_type,
        entity_id: &args.entity_id,
        event_time: &args.event_time,
        payload: &args.payload,
        numbers: &args.numbers,
        on_empty: args.null,
        on_nan: args.nan,
    };
    let moments =
        Moments { format: args.time_format.clone(), zone: args.time_zone.clone(), on_ambiguous: args.on_ambiguous };
    let header = rows.header()?;
    let plan = Arc::new(Plan::new(header.as_ref(), &members, moments).with_context(|| name.clone())?);
    rows.read_only(&plan.columns())?;
    let rejected_to = args.rejected_to.as_deref();
    let mut rejected = rejected_to
        .map(|path| rejected_rows(path, header.as_ref().and_then(|header| header.row.as_deref())))
        .transpose()?;

    let mut out = results();
    let progress = Progress::of_listing(Unit::Bytes, size);
    let (mut converted, mut refused) = (0, 0);
    let mut conversion = Conversion::start(rows, &plan, &name.as_str().into());
    let ended = loop {
        let batch = match conversion.next() {
            Ok(Some(batch)) => batch,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        out.write_all(&batch.events)?;
        if batch.refused > 0 {
            progress.suspend(|| io::stderr().lock().write_all(&batch.problems))?;
            if let Some(rejected) = &mut rejected {
                rejected.write_all(&batch.rejected).context("cannot write the refused rows")?;
            }
        }
        converted += batch.converted;
        refused += batch.refused;
        progress.advance(batch.bytes_read);
    };
    out.flush()?;
    drop(progress);
    tell(format_args!("{converted} converted, {refused} refused"));
    if let (0, Some(path)) = (refused, rejected_to) {
        // The next run wants to make it again.
        fs::remove_file(path).with_context(|| format!("cannot remove the empty `{}`", path.display()))?;
    }
    ended?;
    let mut is_whole = refused == 0;
    if converted > 0 {
        for column in plan.never_met() {
            is_whole = false;
            tell(format_args!("{name}: no row has the member `{column}` of `--numbers`; mend its name"));
        }
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The input's name, the input, and its size if it has one.
fn open(path: &Path) -> Result<(String, Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), Box::new(io::stdin()), None));
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read `{name}`"))?;
    let about = file.metadata().with_context(|| format!("cannot read `{name}`"))?;
    Ok((name, Box::new(file), about.is_file().then_some(about.len())))
}

/// A new file for refused rows. One that is there stays as it is.
fn rejected_rows(path: &Path, header: Option<&[u8]>) -> Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.with_context(|| format!("cannot make `{}`", path.display()))?;
    if let Some(header) = header {
        file.write_all(&[header, b"\n"].concat()).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(file)
}
