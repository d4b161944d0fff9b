//! `pik id`: the ids of events, computed here as every host computes them.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use pik_core::{Event, Rejection};

use crate::input::{InputArgs, Item};
use crate::output::{print_problems, results};
use crate::progress::{Progress, Unit};
use crate::terminal::plain_json;

/// Print the event_id of one event, or of each line of NDJSON.
///
/// Ids go to standard output in the order of the events. What is wrong with an event goes to standard error and prints no
/// id; then the exit code is 1.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print what was hashed: the canonical payload, its hash, and the text whose hash is the id
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut reader = args.input.reader();
    let progress = Progress::of_listing(Unit::Bytes, args.input.total_bytes());
    let mut out = results();
    let mut code = ExitCode::SUCCESS;
    while let Some(item) = reader.next()? {
        progress.advance(item.bytes_read);
        if let Err(rejection) = print_id(&item, args.explain, &mut out)? {
            // Ids before a problem appear before it.
            out.flush()?;
            progress.suspend(|| print_problems(&mut std::io::stderr().lock(), &item.place, &rejection))?;
            code = ExitCode::FAILURE;
        }
    }
    out.flush()?;
    Ok(code)
}

fn print_id(item: &Item<'_>, explain: bool, out: &mut impl Write) -> std::io::Result<Result<(), Rejection>> {
    if explain {
        let (event, payload) = match item.body().and_then(Event::parse_with_payload) {
            Ok(parsed) => parsed,
            Err(rejection) => return Ok(Err(rejection)),
        };
        // A terminal is shown the same values in another spelling; a pipe gets what was hashed.
        let is_terminal = std::io::stdout().is_terminal();
        let shown = |text: &str| if is_terminal { plain_json(text).into_owned() } else { text.to_owned() };
        writeln!(out, "canonical(payload)  {}", shown(&payload))?;
        writeln!(out, "payload_hash        {}", event.payload_hash())?;
        writeln!(out, "hashed for the id   {}", shown(&event.id_preimage()))?;
        writeln!(out, "event_id            {}", event.id())?;
        return Ok(Ok(()));
    }
    match item.body().and_then(Event::parse) {
        Ok(event) => writeln!(out, "{}", event.id()).map(Ok),
        Err(rejection) => Ok(Err(rejection)),
    }
}
