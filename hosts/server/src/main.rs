//! The `pik` binary: the server, and the command line over events in files.
//!
//! Each subcommand is a file in `commands`.

use std::process::ExitCode;

use clap::Parser;

mod commands;
mod input;
mod output;
mod send;
mod server;
mod stores;

fn main() -> ExitCode {
    commands::Cli::parse().run()
}
