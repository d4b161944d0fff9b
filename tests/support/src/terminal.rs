//! What a person sees of a program.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What a command prints on a terminal when it is its standard output.
pub fn shown_on_a_terminal(command: &mut Command) -> Result<String> {
    on_a_terminal(command, |command, screen| command.stdout(screen).stderr(Stdio::null()))
}

/// What a command tells on a terminal of 80 columns when it is its standard error.
pub fn told_on_a_terminal(command: &mut Command) -> Result<String> {
    on_a_terminal(command, |command, screen| command.stdout(Stdio::null()).stderr(screen))
}

fn on_a_terminal(command: &mut Command, attach: impl FnOnce(&mut Command, Stdio) -> &mut Command) -> Result<String> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 })?;
    let name = ptsname(&terminal, Vec::new())?.into_string().context("the terminal has no name")?;
    let screen = OpenOptions::new().read(true).write(true).open(name)?;
    let mut child = attach(command.stdin(Stdio::null()), screen.into()).spawn()?;
    // The command keeps its end open, and with it the terminal.
    command.stdout(Stdio::null()).stderr(Stdio::null());
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
