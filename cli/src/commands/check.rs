//! `pik check`: what a host would refuse, before it is sent.

use std::io::Write;
use std::process::ExitCode;

use pik_core::Event;

use crate::input::InputArgs;
use crate::output::{print_problems, results};

/// Check events against the contract and print every problem with its line.
///
/// Problems go to standard output, one a line, as `FILE:LINE: CODE at /member: MESSAGE`; the count of events goes to
/// standard error. The exit code is 1 if there is any problem.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    input: InputArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut reader = args.input.reader();
    let mut out = results();
    let (mut valid, mut rejected) = (0_u64, 0_u64);
    while let Some(item) = reader.next()? {
        match item.body().and_then(Event::parse) {
            Ok(_) => valid += 1,
            Err(rejection) => {
                rejected += 1;
                print_problems(&mut out, &item.place, &rejection)?;
            }
        }
    }
    out.flush()?;
    eprintln!("{valid} valid, {rejected} rejected");
    Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
