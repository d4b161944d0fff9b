//! A body through a shell command that repairs it.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail};

/// What the command makes of a body.
pub(crate) fn fixed(command: &str, body: &[u8]) -> Result<Vec<u8>> {
    let mut shell = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start `sh` for --fix")?;
    let (mut stdin, mut stdout) =
        (shell.stdin.take().context("no standard input")?, shell.stdout.take().context("no standard output")?);
    let mut repaired = Vec::new();
    thread::scope(|scope| {
        // A command may end before it has read everything.
        scope.spawn(move || drop(stdin.write_all(body)));
        stdout.read_to_end(&mut repaired)
    })?;
    let status = shell.wait()?;
    if !status.success() {
        bail!("the command of --fix failed ({status}); nothing more is sent");
    }
    Ok(repaired)
}
