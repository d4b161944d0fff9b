//! Where installed things lie that every clone of the project can use.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The project's folder in the user's cache.
pub(super) fn folder() -> Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let cache = cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(cache.join("pik"))
}

/// Waits until no other thread or process installs this, and keeps them out until the file is dropped.
pub(super) fn lock(name: &str) -> Result<File> {
    let folder = folder()?;
    std::fs::create_dir_all(&folder)?;
    let file = File::create(folder.join(format!("{}.lock", name.replace('/', "-"))))?;
    file.lock()?;
    Ok(file)
}
