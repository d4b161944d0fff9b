//! `cargo xtask version`: one number for crates, npm, Python and pages, in every place that has it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{Run, cargo, tell};
use crate::dist::VERSION;
use crate::workspace;

/// Set the version everywhere, or show it and check that all places agree.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The new version, such as 1.2.3 or 1.2.3-rc.1
    version: Option<String>,
}

/// A file, and how the number stands in it: `{}` is the number. The Python projects take it from their crates.
const PLACES: [(&str, &str); 10] = [
    ("Cargo.toml", "[workspace.package]\nversion = \"{}\"\n"),
    // Path dependencies, which crates.io replaces by their versions.
    ("Cargo.toml", ", version = \"{}\" }\n"),
    ("pkg/package.json", "\"name\": \"pik-client\",\n  \"version\": \"{}\","),
    ("pkg/package-lock.json", "\"name\": \"pik-client\",\n  \"version\": \"{}\","),
    ("pkg/package-lock.json", "\"name\": \"pik-client\",\n      \"version\": \"{}\","),
    ("console/package-lock.json", "\"name\": \"pik-client\",\n      \"version\": \"{}\","),
    ("examples/form/package-lock.json", "\"name\": \"pik-client\",\n      \"version\": \"{}\","),
    ("README.md", "pik-client-{}.tgz"),
    ("pkg/README.md", "pik-client-{}.tgz"),
    ("deploy/compose.yaml", "PIK_IMAGE:-pik:{}}"),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    match &args.version {
        None => check(root, VERSION)?,
        Some(new) => {
            set(root, VERSION, new)?;
            // The lock files name the project's own crates too.
            for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
                cargo().args(["update", "--workspace", "--offline", "--quiet", "--manifest-path", manifest]).run()?;
            }
        }
    }
    tell(args.version.as_deref().unwrap_or(VERSION));
    Ok(())
}

/// Every place has this version.
fn check(root: &Path, version: &str) -> Result<()> {
    for (file, form) in PLACES {
        let text = fs::read_to_string(root.join(file)).with_context(|| file.to_owned())?;
        let (before, after) = form.split_once("{}").context("a form has a place for the number")?;
        let mut numbers = text.split(before).skip(1).filter_map(|rest| number(rest, after)).peekable();
        if numbers.peek().is_none() {
            bail!("{file} has no version where `{}` should be", form.replace("{}", version));
        }
        if let Some(other) = numbers.find(|number| *number != version) {
            bail!("{file} says {other}, and Cargo.toml {version}; `cargo xtask version {version}` sets all");
        }
    }
    Ok(())
}

fn number<'a>(rest: &'a str, after: &str) -> Option<&'a str> {
    let end = rest.find(|char: char| !char.is_ascii_alphanumeric() && !".-+".contains(char))?;
    // Before `.tgz` the number has no end of its own.
    let (number, rest) = match rest[..end].strip_suffix(after.trim_end_matches(char::is_whitespace)) {
        Some(number) => (number, after),
        None => rest.split_at(end),
    };
    (rest.starts_with(after) && !number.is_empty()).then_some(number)
}

fn set(root: &Path, old: &str, new: &str) -> Result<()> {
    if !is_version(new) {
        bail!("`{new}` is no version; write one such as 1.2.3 or 1.2.3-rc.1");
    }
    // Before anything is written, so that no half of it is.
    check(root, old)?;
    for (file, form) in PLACES {
        let path = root.join(file);
        let text = fs::read_to_string(&path)?;
        fs::write(&path, text.replace(&form.replace("{}", old), &form.replace("{}", new)))?;
    }
    check(root, new)
}

/// Three numbers and perhaps what comes before them, as crates.io and npm take both.
fn is_version(text: &str) -> bool {
    let (numbers, before) = text.split_once('-').unwrap_or((text, "rc.1"));
    let is_number = |part: &str| {
        (part == "0" || !part.starts_with('0')) && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    numbers.split('.').count() == 3 && numbers.split('.').all(is_number) && before.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_places_agree() {
        check(workspace::root(), VERSION).unwrap();
    }

    #[test]
    fn one_command_sets_them_all() {
        let folder = workspace::target().join("version-test");
        for (file, _) in PLACES {
            let copy = folder.join(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(workspace::root().join(file), copy).unwrap();
        }
        let was = |file: &str| fs::read_to_string(workspace::root().join(file)).unwrap();
        let is = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        set(&folder, VERSION, "98.7.6-rc.5").unwrap();
        for (file, form) in PLACES {
            assert!(is(file).contains(&form.replace("{}", "98.7.6-rc.5")), "{file}");
            assert_eq!(is(file).replace("98.7.6-rc.5", VERSION), was(file), "nothing else changes in {file}");
        }
        assert!(!is("Cargo.toml").contains(&format!("\"{VERSION}\"")));
        assert!(set(&folder, VERSION, "98.7.7").is_err(), "the old version is not there any more");

        // One place that was changed by hand.
        let other = is("pkg/package.json").replace("98.7.6-rc.5", "98.7.5");
        fs::write(folder.join("pkg/package.json"), other).unwrap();
        let said = check(&folder, "98.7.6-rc.5").unwrap_err().to_string();
        assert!(said.contains("pkg/package.json says 98.7.5"), "{said}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_registries_refuse_is_refused() {
        for version in ["0.1.0", "1.2.3", "10.20.30-rc.1", "1.0.0-alpha"] {
            assert!(is_version(version), "{version}");
        }
        for text in ["", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-a..b", "1.2.3 ", "1.2.x"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
