//! `pik check`: what a host would refuse, before it is sent.

use std::io::Write;
use std::process::ExitCode;

use pik_client::Problem;
use pik_core::Event;

use crate::input::InputArgs;
use crate::output::{Summary, print_problems};
use crate::progress::{Progress, Unit};
use crate::send::Refusal;
use crate::terminal::tell;

/// Check events against the contract and print every problem with its line.
///
/// Problems go to standard output, one a line, as `FILE:LINE: CODE at /member: MESSAGE`; the counts of events go to
/// standard error. The exit code is 1 if there is any problem.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print each rejected event as a line of JSON: file, line, errors, and the event as it was in `raw`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut reader = args.input.reader();
    let progress = Progress::new(Unit::Bytes, args.input.total_bytes());
    let mut out = progress.results();
    let (mut valid, mut rejected, mut summary) = (0_u64, 0_u64, Summary::default());
    while let Some(item) = reader.next()? {
        progress.advance(item.bytes_read);
        let Err(rejection) = item.body().and_then(Event::check) else {
            valid += 1;
            continue;
        };
        rejected += 1;
        summary.note(rejection.problems().iter().map(|problem| problem.code.as_str()));
        if args.json {
            let problems = rejection.problems().iter().map(Problem::from).collect();
            Refusal { place: &item.place, problems, raw: item.body().ok() }.write(&mut out)?;
        } else {
            print_problems(&mut out, &item.place, &rejection)?;
        }
    }
    out.flush()?;
    drop(progress);
    tell(format_args!("{valid} valid, {rejected} rejected"));
    if !summary.is_empty() {
        tell(format_args!("rejected: {summary}"));
    }
    Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
