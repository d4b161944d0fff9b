//! `pik man`: the help texts as manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;

/// Write manual pages into a folder: pik.1, and one for each command.
///
/// `man ./pik-serve.1` shows one. The packages bring them all.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder; it is made if it is not there
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let cannot = || format!("cannot write into `{}`", args.folder.display());
    std::fs::create_dir_all(&args.folder).with_context(cannot)?;
    clap_mangen::generate_to(super::Cli::command(), &args.folder).with_context(cannot)?;
    Ok(ExitCode::SUCCESS)
}
