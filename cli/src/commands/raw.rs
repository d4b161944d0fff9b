//! `pik raw`: an event as it was received.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;

use crate::arguments::EventArgs;
use crate::investigate::genuine;
use crate::output::results;
use crate::terminal::plain_json;

/// Print the bytes of one event as they were received, and nothing else.
///
/// They are checked to hash to the id first. On a terminal, control characters and bidi marks within strings are shown as
/// escapes of JSON. The exit code is 1 when no such event was ingested.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    event: EventArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some((source, event)) = args.event.find()? else {
        return Ok(ExitCode::FAILURE);
    };
    let Some(raw) = source.contents(std::slice::from_ref(&event.raw_key))?.pop().flatten() else {
        bail!("the raw object `{}` is missing; `pik verify` lists what else is", event.raw_key);
    };
    genuine(&event.raw_key, &raw)?;
    let mut out = results();
    if std::io::stdout().is_terminal() {
        // The prompt begins on a line of its own.
        writeln!(out, "{}", plain_json(&String::from_utf8_lossy(&raw)))?;
    } else {
        out.write_all(&raw)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
