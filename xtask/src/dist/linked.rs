//! The crates that are linked into `pik`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Order;
use crate::command::{Run, cargo};
use crate::workspace;

/// One crate of them.
pub(super) struct Linked {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) license: String,
    /// The sum that the lock file has; the project's own crates have none.
    pub(super) checksum: Option<String>,
    pub(super) folder: PathBuf,
}

impl Linked {
    /// Whether it is one of the project's own.
    pub(super) fn is_own(&self) -> bool {
        self.folder.starts_with(workspace::root())
    }
}

/// All of them, of every target, by name and version.
pub(super) fn packages(order: &Order) -> Result<Vec<Linked>> {
    let mut wanted = BTreeSet::new();
    for target in &order.targets {
        let listed = cargo()
            .args(["tree", "--locked", "--package", "pik", "--features", &order.features, "--edges", "normal"])
            .args(["--target", target.triple(), "--prefix", "none", "--format", "{p}"])
            .read()?;
        for line in listed.lines() {
            let mut words = line.split_whitespace();
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                wanted.insert((name.to_owned(), version.trim_start_matches('v').to_owned()));
            }
        }
    }
    let sums = checksums()?;
    let metadata: Value =
        serde_json::from_str(&cargo().args(["metadata", "--locked", "--format-version", "1"]).read()?)?;
    let mut linked = Vec::new();
    for package in metadata["packages"].as_array().context("cargo names no packages")? {
        let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        let key = (text("name"), text("version"));
        if wanted.remove(&key) {
            let manifest = PathBuf::from(text("manifest_path"));
            linked.push(Linked {
                checksum: sums.get(&key).cloned(),
                name: key.0,
                version: key.1,
                // The old way to write OR, which is no expression.
                license: text("license").replace('/', " OR "),
                folder: manifest.parent().context("a manifest lies in a folder")?.to_owned(),
            });
        }
    }
    if let Some((name, version)) = wanted.first() {
        anyhow::bail!("cargo tree names {name} {version}, and cargo metadata does not");
    }
    linked.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(linked)
}

/// The sums of the lock file, by name and version.
fn checksums() -> Result<BTreeMap<(String, String), String>> {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let mut sums = BTreeMap::new();
    for block in lock.split("[[package]]") {
        let value = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(sum)) = (value("name"), value("version"), value("checksum")) {
            sums.insert((name, version), sum);
        }
    }
    Ok(sums)
}
