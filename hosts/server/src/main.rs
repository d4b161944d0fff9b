//! The `pik` binary: the server, and the command line over events in files.
//!
//! Each subcommand is a file in `commands`.

use std::process::ExitCode;

use clap::Parser;

mod commands;
mod input;
mod investigate;
mod output;
mod remote;
mod send;
mod server;
mod stores;
mod transfer;

fn main() -> ExitCode {
    commands::Cli::parse().run()
}
