//! The subcommands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::is_broken_pipe;
use crate::terminal::tell;

mod backup;
mod check;
mod compare;
mod completions;
mod console;
mod convert;
mod events;
mod export;
mod health;
mod id;
mod import;
mod init;
mod man;
mod raw;
mod rejected;
mod replay;
mod restore;
mod send;
mod serve;
mod show;
mod stats;
mod streams;
mod tail;
mod token;
mod verify;
mod verify_lake;

/// Ingest events once, keep them as they came, and find them again.
#[derive(Parser)]
#[command(name = "pik", version, max_term_width = 80)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Id(id::Args),
    Check(check::Args),
    Convert(Box<convert::Args>),
    Compare(Box<compare::Args>),
    Send(send::Args),
    Serve(Box<serve::Args>),
    Console(Box<console::Args>),
    Events(Box<events::Args>),
    Tail(Box<tail::Args>),
    Show(Box<show::Args>),
    Raw(Box<raw::Args>),
    Rejected(Box<rejected::Args>),
    Streams(Box<streams::Args>),
    Stats(Box<stats::Args>),
    Replay(Box<replay::Args>),
    Export(Box<export::Args>),
    Import(Box<import::Args>),
    Init(init::Args),
    Verify(Box<verify::Args>),
    Token(token::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Health(health::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Cli {
    /// The command line of this process.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        Self::try_parse()
    }

    /// Runs the subcommand; 0 is success, 1 is a problem that was told on standard error or output.
    pub(crate) fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Id(args) => id::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Convert(args) => convert::run(&args),
            Command::Compare(args) => compare::run(&args),
            Command::Send(args) => send::run(&args),
            Command::Serve(args) => serve::run(&args),
            Command::Console(args) => console::run(&args),
            Command::Events(args) => events::run(&args),
            Command::Tail(args) => tail::run(&args),
            Command::Show(args) => show::run(&args),
            Command::Raw(args) => raw::run(&args),
            Command::Rejected(args) => rejected::run(&args),
            Command::Streams(args) => streams::run(&args),
            Command::Stats(args) => stats::run(&args),
            Command::Replay(args) => replay::run(&args),
            Command::Export(args) => export::run(&args),
            Command::Import(args) => import::run(&args),
            Command::Init(args) => init::run(&args),
            Command::Verify(args) => verify::run(&args),
            Command::Token(args) => token::run(&args),
            Command::Backup(args) => backup::run(&args),
            Command::Restore(args) => restore::run(&args),
            Command::Health(args) => health::run(&args),
            Command::Completions(args) => completions::run(&args),
            Command::Man(args) => man::run(&args),
        };
        match done {
            Ok(code) => code,
            // `pik id … | head` is no failure of ours.
            Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
            Err(error) => {
                tell(format_args!("pik: {}", in_words(&error)));
                ExitCode::FAILURE
            }
        }
    }
}

/// An error and its causes, without those that say the same again.
fn in_words(error: &anyhow::Error) -> String {
    let mut told: Vec<String> = error.chain().map(ToString::to_string).collect();
    told.dedup();
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn no_two_options_share_a_name() {
        super::Cli::command().debug_assert();
    }
}
