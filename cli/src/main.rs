#![doc = include_str!("../README.md")]
#![allow(rustdoc::bare_urls, reason = "comments of options are help texts, which show no brackets around a URL")]

use std::process::ExitCode;

mod arguments;
mod backups;
mod commands;
mod compare;
mod console;
mod convert;
mod copies;
mod input;
mod investigate;
mod lake;
mod output;
mod progress;
mod rejected;
mod runtime;
mod send;
mod sha256;
mod terminal;
mod transfer;

// An eighth less processor time for each request than with the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::Cli::read() {
        Ok(cli) => cli.run(),
        Err(error) => terminal::refuse_arguments(&error),
    }
}
