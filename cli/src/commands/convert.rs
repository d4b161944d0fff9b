//! `pik convert`: rows of a table, as events.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Terminator};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use pik_core::Event;

use crate::convert::{Cell, ColumnName, Members, Moments, OnAmbiguous, OnEmpty, PayloadFrom, Plan, TimeFormat, zone};
use crate::output::{Place, print_problems, results};
use crate::terminal::{plain, tell};

/// Turn the rows of a CSV or TSV file into events, one a line.
///
/// A member is a text for all rows, or `@COLUMN` (`@@` begins a text that begins with `@`). Cells are texts; `--numbers` names the columns that
/// are numbers. Each event is checked against the contract. Events go to standard output, refused rows with their line to standard error; the exit
/// code is 1 if there is any.
#[derive(clap::Args)]
#[command(
    override_usage = "pik convert --source <…> --event-type <…> --entity-id <…>\n           --event-time <…> [OPTIONS] [FILE]"
)]
pub(crate) struct Args {
    /// CSV with a header in UTF-8; `-` is standard input
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

    /// How times are spelled, unless as ISO 8601: epoch-s, epoch-ms, epoch-us, or a pattern of strptime such as '%d.%m.%Y %H:%M'
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

    /// What an empty cell of the payload becomes
    #[arg(long, value_name = "WHAT", default_value = "text")]
    null: OnEmpty,

    /// What stands between cells; without it, a tab in files named .tsv or .tab and a comma in others
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,

    /// Write the refused rows to this new file, with the header, to be mended and converted
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
    let bar = bar(size);
    let delimiter = args.delimiter.unwrap_or_else(|| usual_delimiter(&args.file));
    // A row ends at its line feed: after a `\r` alone, the reader would count the line with the next row only.
    // The last one gets one in any case; one too many is a blank line, which is no row.
    let mut rows = ReaderBuilder::new();
    let rows = rows.delimiter(delimiter).flexible(true).terminator(Terminator::Any(b'\n'));
    let mut rows = rows.from_reader(bar.wrap_read(input).chain(&b"\n"[..]));
    let header = rows.headers().with_context(|| format!("cannot read `{name}`"))?;
    let header: StringRecord =
        header.iter().map(|column| column.trim_start_matches('\u{feff}').trim_end_matches('\r')).collect();
    let members = Members {
        source: &args.source,
        event_type: &args.event_type,
        entity_id: &args.entity_id,
        event_time: &args.event_time,
        payload: &args.payload,
        numbers: &args.numbers,
    };
    let moments =
        Moments { format: args.time_format.clone(), zone: args.time_zone.clone(), on_ambiguous: args.on_ambiguous };
    let plan = Plan::new(header.clone(), &members, moments, args.null).with_context(|| name.clone())?;
    let mut rejected = args.rejected_to.as_deref().map(|path| rejected_rows(path, delimiter, &header)).transpose()?;

    let mut out = results();
    let file: Arc<str> = name.as_str().into();
    let (mut converted, mut refused) = (0_u64, 0_u64);
    let (mut row, mut line) = (ByteRecord::new(), Vec::new());
    while rows.read_byte_record(&mut row).with_context(|| format!("cannot read `{name}`"))? {
        let place = Place { file: Arc::clone(&file), line: first_line(&rows, &row) };
        if !without_carriage_return(&mut row) {
            continue;
        }
        let problems = match plan.write(&row, &mut line) {
            Err(problem) => Some(format!("{}\n", plain(&format!("{place}: {problem}"))).into_bytes()),
            Ok(()) => match Event::parse(&line) {
                Ok(_) => None,
                Err(rejection) => {
                    let mut text = Vec::new();
                    print_problems(&mut text, &place, &rejection)?;
                    Some(text)
                }
            },
        };
        let Some(problems) = problems else {
            line.push(b'\n');
            out.write_all(&line)?;
            converted += 1;
            continue;
        };
        refused += 1;
        bar.suspend(|| io::stderr().lock().write_all(&problems))?;
        if let Some(rejected) = &mut rejected {
            rejected.write_byte_record(&row).context("cannot write the refused rows")?;
        }
    }
    out.flush()?;
    if let Some(rejected) = &mut rejected {
        rejected.flush().context("cannot write the refused rows")?;
    }
    bar.finish_and_clear();
    tell(format_args!("{converted} converted, {refused} refused"));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The line on which the row begins; blank lines before it are no part of it.
fn first_line<R: Read>(rows: &Reader<R>, row: &ByteRecord) -> u64 {
    let within = row.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
    rows.position().line().saturating_sub(within + 1)
}

/// Takes the `\r` of `\r\n` off the last cell; false if nothing else was on the line.
fn without_carriage_return(row: &mut ByteRecord) -> bool {
    let Some(last) = row.len().checked_sub(1) else { return true };
    let Some(cell) = row[last].strip_suffix(b"\r").map(<[u8]>::to_vec) else { return true };
    row.truncate(last);
    row.push_field(&cell);
    last > 0 || !cell.is_empty()
}

/// The input's name, the input, and its size if it has one.
fn open(path: &Path) -> Result<(String, Box<dyn Read>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), Box::new(io::stdin().lock()), None));
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read `{name}`"))?;
    let about = file.metadata().with_context(|| format!("cannot read `{name}`"))?;
    Ok((name, Box::new(file), about.is_file().then_some(about.len())))
}

fn usual_delimiter(path: &Path) -> u8 {
    let is_tab = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("tsv") || end.eq_ignore_ascii_case("tab"));
    if is_tab { b'\t' } else { b',' }
}

/// On a terminal, unless events are shown there.
fn bar(size: Option<u64>) -> ProgressBar {
    let target = if io::stdout().is_terminal() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(size, target);
    let template = match size {
        Some(_) => "{bar:30} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
        None => "{spinner} {bytes} {bytes_per_sec} {elapsed}",
    };
    // INVARIANT: the templates above are right; a wrong one would leave the default style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// A new file for refused rows. One that is there stays as it is.
fn rejected_rows(path: &Path, delimiter: u8, header: &StringRecord) -> Result<csv::Writer<File>> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.with_context(|| format!("cannot make `{}`", path.display()))?;
    let mut rows = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(file);
    rows.write_record(header).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(rows)
}
