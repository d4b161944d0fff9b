//! `pik completions`: the commands and options, for a shell.

use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

/// Print what a shell needs to complete commands and options.
///
/// For bash: `pik completions bash > /etc/bash_completion.d/pik`. For zsh: a file `_pik` in a folder of `$fpath`. For
/// fish: `~/.config/fish/completions/pik.fish`. The packages bring all three.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "pik", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
