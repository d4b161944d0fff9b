//! What a person sees of a program.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// What a command prints on a terminal when it is its standard output.
pub fn shown_on_a_terminal(command: &mut Command) -> Result<String> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    let name = ptsname(&terminal, Vec::new())?.into_string().context("the terminal has no name")?;
    let screen = OpenOptions::new().read(true).write(true).open(name)?;
    let mut child = command.stdin(Stdio::null()).stdout(screen).stderr(Stdio::null()).spawn()?;
    // The command keeps its end open, and with it the terminal.
    command.stdout(Stdio::null());
    let mut shown = Vec::new();
    let mut piece = [0; 4096];
    let mut terminal = File::from(terminal);
    // Linux ends a terminal that nobody writes to with an error.
    while let Ok(count @ 1..) = terminal.read(&mut piece) {
        shown.extend_from_slice(&piece[..count]);
    }
    child.wait()?;
    Ok(String::from_utf8_lossy(&shown).into_owned())
}
