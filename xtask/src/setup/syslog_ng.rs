//! syslog-ng, as a sender of events.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Step, apt, say};
use crate::command::found;

pub(crate) const STEP: Step =
    Step { name: "syslog-ng", about: "syslog-ng with its http() destination, where no other log daemon is", run };

const NAME: &str = "syslog-ng";
const PACKAGES: [&str; 2] = ["syslog-ng-core", "syslog-ng-mod-http"];
/// Log daemons exclude each other: to install one removes the other.
const OTHERS: [&str; 4] = ["rsyslog", "busybox-syslogd", "inetutils-syslogd", "sysklogd"];

fn run() -> Result<()> {
    match program()? {
        Some(_) => {}
        None => say(NAME, "another log daemon is here and stays"),
    }
    Ok(())
}

/// Its program; `None` on a machine whose log daemon is another one, or that has other packages than Debian's.
pub(crate) fn program() -> Result<Option<PathBuf>> {
    if packages().is_empty() {
        return Ok(installed().filter(|_| missing().is_empty()));
    }
    apt::install(NAME, &PACKAGES)?;
    installed().context("apt-get succeeded, but there is no program `syslog-ng`").map(Some)
}

/// The system packages that [`program`] would install.
pub(crate) fn packages() -> Vec<&'static str> {
    let others = OTHERS.iter().any(|package| apt::version(package).is_some());
    if others || !apt::usable() { Vec::new() } else { missing() }
}

fn missing() -> Vec<&'static str> {
    PACKAGES.into_iter().filter(|package| apt::version(package).is_none()).collect()
}

fn installed() -> Option<PathBuf> {
    found(NAME).or_else(|| Some(PathBuf::from("/usr/sbin/syslog-ng")).filter(|program| program.is_file()))
}
