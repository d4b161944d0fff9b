//! Debian's packages, for what no other registry carries.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

use super::{cache, say};
use crate::command::{Run, found, program};

static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Decides whether anything may be installed.
pub(crate) fn forbid(forbidden: bool) {
    FORBIDDEN.store(forbidden, Ordering::Relaxed);
}

/// Whether this machine has Debian's package manager.
pub(crate) fn usable() -> bool {
    found("apt-get").is_some() && found("dpkg-query").is_some()
}

/// Installs those of the packages that are missing. Needs root, or sudo.
pub(crate) fn install(step: &str, packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| version(package).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if FORBIDDEN.load(Ordering::Relaxed) {
        bail!("system packages are missing and may not be installed: {names}");
    }
    if !usable() {
        bail!("there is no apt-get here; install by hand: {names}");
    }
    say(step, format_args!("installing {names}"));
    // Suites that run beside each other would disturb each other here.
    let _alone = cache::lock("apt")?;
    as_root(&["apt-get", "update", "-qq"])?;
    let mut install = vec![
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        // Another installation may be under way on a fresh machine.
        "-o",
        "DPkg::Lock::Timeout=300",
        // The package manager's own progress, thousands of lines in a log.
        "-o",
        "Dpkg::Use-Pty=0",
    ];
    install.extend(&missing);
    as_root(&install)
}

/// The files of a package, unpacked and not installed: a server among them is not started. They are fetched once.
pub(crate) fn unpacked(step: &str, package: &str) -> Result<PathBuf> {
    let folder = cache::folder()?.join("debian").join(package);
    let _alone = cache::lock("apt")?;
    if folder.exists() {
        return Ok(folder);
    }
    if !usable() {
        bail!("there is no apt-get here to fetch {package} with");
    }
    say(step, format_args!("fetching {package}"));
    as_root(&["apt-get", "update", "-qq"])?;
    // Beside its place and renamed, so that a fetch that dies leaves nothing that looks whole.
    let work = folder.with_extension("new");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    program("apt-get").args(["download", "-qq", package]).current_dir(&work).run()?;
    let archive = program("find").arg(&work).args(["-name", "*.deb"]).read()?;
    program("dpkg").args(["-x", archive.trim()]).arg(&work).run()?;
    fs::rename(&work, &folder)?;
    Ok(folder)
}

/// The installed version of a package.
pub(crate) fn version(package: &str) -> Option<String> {
    let shown = program("dpkg-query").args(["-W", "-f=${db:Status-Abbrev} ${Version}", package]).read().ok()?;
    shown.strip_prefix("ii ").map(|version| version.trim().to_owned())
}

fn as_root(words: &[&str]) -> Result<()> {
    root(words[0])?.args(&words[1..]).run()
}

/// A program that root runs, with sudo where this is another user.
pub(crate) fn root(name: &str) -> Result<Command> {
    if program("id").arg("-u").read()?.trim() == "0" {
        return Ok(program(name));
    }
    let mut sudo = program("sudo");
    sudo.arg(name);
    Ok(sudo)
}
