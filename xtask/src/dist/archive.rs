//! Archives and their sums.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Release;
use crate::command::{Run, program};

const SUMS: &str = "SHA256SUMS";

/// Packs a folder so that the same files give the same bytes.
pub(super) fn pack(release: &Release, tree: &Path) -> Result<PathBuf> {
    let name = tree.file_name().context("a folder has a name")?.to_string_lossy();
    let tar = release.out.join(format!("{name}.tar"));
    program("tar")
        .args(["--create", "--format=ustar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
        // What the umask of whoever builds took away.
        .args(["--mode=u+rw,go+r,a+X,go-w", &format!("--mtime=@{}", release.epoch), "--directory"])
        .arg(tree.parent().context("a tree lies in a folder")?)
        .arg("--file")
        .arg(&tar)
        .arg(&*name)
        .run()?;
    gzip(&tar)?;
    Ok(release.out.join(format!("{name}.tar.gz")))
}

/// The SHA-256 sum of a file.
pub(super) fn sum(file: &Path) -> Result<String> {
    let line = program("sha256sum").arg(file).read()?;
    Ok(line.split_whitespace().next().context("sha256sum says nothing")?.to_owned())
}

/// Writes `SHA256SUMS`, over everything else in the folder.
pub(super) fn sum_all(out: &Path) -> Result<()> {
    let mut text = String::new();
    for file in super::files(out)?.iter().filter(|file| !file.ends_with(SUMS)) {
        let name = file.file_name().context("a file has a name")?.to_string_lossy();
        text += &format!("{}  {name}\n", sum(file)?);
    }
    Ok(fs::write(out.join(SUMS), text)?)
}

/// Packs a file and leaves it away.
pub(super) fn gzip(file: &Path) -> Result<()> {
    program("gzip").args(["-9", "--no-name", "--force"]).arg(file).run()
}
