//! `pik init`: what a store needs before its first event.

use std::process::ExitCode;

use crate::arguments::{Opened, StoreArgs};
use crate::terminal::plain;

/// Create what a store needs and check what is there.
///
/// One line for each thing on standard output. Nothing that exists is changed: how it differs is said, and the exit code
/// is 1. Safe to repeat.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,

    /// Create the bucket with Object Lock: raw objects cannot be deleted for this many days (governance mode)
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    object_lock_days: Option<u16>,

    /// Add the index for ranges of event times: one more write unit an event
    ///
    /// DynamoDB fills it from the events that are there, for a write unit each. `pik events --from … --to …` of a source, of
    /// a type or of all asks it. It can be deleted again.
    #[cfg(feature = "aws")]
    #[arg(long)]
    event_time_index: bool,

    /// Let what the endpoint does not support be a failure, too
    #[cfg(feature = "aws")]
    #[arg(long)]
    strict: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match args.store.open()? {
        Opened::Sqlite(store) => {
            store.close();
            print(format_args!("database `{}`: as it should be", args.store.database().display()))?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "aws")]
        Opened::Aws(store) => {
            use pik_aws::{Provision, Verdict};

            let provision =
                Provision { object_lock_days: args.object_lock_days, event_time_index: args.event_time_index };
            let mut code = ExitCode::SUCCESS;
            for check in crate::runtime::block_on(store.init(&provision))?? {
                print(format_args!("{check}"))?;
                match check.verdict {
                    Verdict::Created | Verdict::Fine => {}
                    Verdict::Unsupported if !args.strict => {}
                    Verdict::Unsupported | Verdict::Differs { .. } => code = ExitCode::FAILURE,
                }
            }
            Ok(code)
        }
    }
}

fn print(line: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    use std::io::Write;

    writeln!(std::io::stdout(), "{}", plain(&line.to_string()))
}
