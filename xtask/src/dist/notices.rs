//! The licences of what is linked into `pik`, with their texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::linked::Linked;
use crate::setup;

/// How files with licences begin.
const NAMES: [&str; 4] = ["license", "licence", "copying", "notice"];

/// Each text once, behind the names of what it is for.
pub(super) fn text(linked: &[Linked]) -> Result<String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut all =
        String::from("pik is linked with these crates, and with Rust's standard library (MIT OR Apache-2.0).\n\n");
    for part in linked.iter().filter(|part| !part.is_own()) {
        let name = format!("{} {}", part.name, part.version);
        all += &format!("{name}: {}\n", part.license);
        for file in licenses(&part.folder)? {
            let text = String::from_utf8_lossy(&fs::read(&file)?).replace("\r\n", "\n");
            let names = texts.entry(text.trim().to_owned()).or_default();
            if names.last() != Some(&name) {
                names.push(name.clone());
            }
        }
    }
    texts.insert(musl()?, vec!["the C library, musl".to_owned()]);
    let mut texts: Vec<_> = texts.into_iter().map(|(text, names)| (names.join(", "), text)).collect();
    texts.sort();
    for (names, text) in texts {
        all += &format!("\n{:=<80}\n{names}\n{:=<80}\n\n{text}\n", "", "");
    }
    Ok(all)
}

/// The files with licences, also of what a crate brings in other languages.
fn licenses(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in super::files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            found.extend(licenses(&path)?);
        } else if NAMES.iter().any(|begin| name.starts_with(begin)) && !name.ends_with(".rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// The C library comes with the linker.
fn musl() -> Result<String> {
    let python = setup::python::static_build()?;
    let place = "lib/python3*/site-packages/ziglang/lib/libc/musl/COPYRIGHT";
    let libraries = python.parent().context("programs lie in an environment")?.join("lib");
    for version in super::files(&libraries)? {
        if let Ok(text) = fs::read_to_string(version.join("site-packages/ziglang/lib/libc/musl/COPYRIGHT")) {
            return Ok(text.trim().to_owned());
        }
    }
    anyhow::bail!("there is no {place} beside {}", python.display())
}
