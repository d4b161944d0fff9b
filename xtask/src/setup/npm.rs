//! npm's packages, from the lock files that are checked in.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Step, cache, say};
use crate::command::{Run, found, program};
use crate::workspace;

pub(crate) const STEP: Step =
    Step { name: "npm", about: "`npm ci` in each folder with a package-lock.json", run: install_all };

/// Installs what the lock file of one folder names, in the folder's `node_modules`.
pub(crate) fn install(folder: &str) -> Result<()> {
    let place = workspace::root().join(folder);
    let lock_path = place.join("package-lock.json");
    let lock = std::fs::read(&lock_path).with_context(|| format!("{folder} has no package-lock.json"))?;
    let _alone = cache::lock(&format!("npm-{folder}"))?;
    // npm keeps no copy of the lock file it installed from, so that a later change to it would go unseen.
    let installed = place.join("node_modules/.installed-package-lock.json");
    if std::fs::read(&installed).is_ok_and(|installed| installed == lock) {
        say(STEP.name, format_args!("{folder} is installed"));
        return Ok(());
    }
    if found("npm").is_none() {
        bail!("there is no npm here; install Node.js 20 or newer");
    }
    say(STEP.name, format_args!("installing {folder}"));
    program("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&place).run()?;
    // A lock file without dependencies makes no folder.
    std::fs::create_dir_all(place.join("node_modules"))?;
    std::fs::write(installed, lock)?;
    Ok(())
}

fn install_all() -> Result<()> {
    let mut folders = Vec::new();
    find_locks(workspace::root(), &mut folders)?;
    for folder in folders {
        install(&folder)?;
    }
    Ok(())
}

fn find_locks(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if !["node_modules", "target", ".git"].iter().any(|skipped| name == *skipped) {
                find_locks(&entry.path(), found)?;
            }
        } else if name == "package-lock.json" {
            let folder = folder.strip_prefix(workspace::root())?;
            found.push(folder.to_str().context("a folder's name is not UTF-8")?.to_owned());
        }
    }
    found.sort();
    Ok(())
}
