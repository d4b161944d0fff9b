//! The words of the core's source.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::workspace;

/// Identifiers that must not stand there.
const WORDS: [&str; 6] = ["Instant", "RandomState", "SystemTime", "f32", "f64", "tokio"];

/// Modules of `std` that must not stand there.
const MODULES: [&str; 7] = ["env", "fs", "net", "os", "process", "random", "thread"];

/// Looks through `core/src` and returns the number of files in it.
pub(super) fn check() -> Result<usize> {
    let files = rust_files(&workspace::root().join("core/src"))?;
    let mut found = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file)?;
        let name = file.strip_prefix(workspace::root()).unwrap_or(file);
        for (line, word) in impurities(&text) {
            found.push(format!("{}:{line}: `{word}`", name.display()));
        }
    }
    if files.is_empty() {
        bail!("core/src has no source files");
    }
    if !found.is_empty() {
        bail!("core's source has what it must do without:\n  {}", found.join("\n  "));
    }
    Ok(files.len())
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The forbidden words outside comments, each with its line.
fn impurities(text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (at, &(line, token)) in tokens.iter().enumerate() {
        // `as_f64` and `from_f32` are ways around the types' own names.
        if WORDS.contains(&token) || token.ends_with("_f64") || token.ends_with("_f32") {
            found.push((line, token.to_owned()));
        }
        if token == "std" {
            let children = children(&tokens[at + 1..]).into_iter();
            let modules = children.filter(|(_, name)| MODULES.contains(name));
            found.extend(modules.map(|(line, name)| (line, format!("std::{name}"))));
        }
    }
    found
}

/// What follows a path's first segment: the one in `::fs::File`, both in `::{env, fs::File}`.
fn children<'a>(rest: &[(usize, &'a str)]) -> Vec<(usize, &'a str)> {
    let word = |at: usize| rest.get(at).map(|&(_, token)| token);
    if word(0) != Some(":") || word(1) != Some(":") {
        return Vec::new();
    }
    if word(2) != Some("{") {
        return rest.get(2).copied().into_iter().collect();
    }
    let mut found = Vec::new();
    let mut depth = 0;
    for pair in rest[2..].windows(2) {
        match pair[0].1 {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].1, "{" | ",") {
            found.push(pair[1]);
        }
    }
    found
}

/// Identifiers and single other characters, without lines that are comments.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        if rest.starts_with("//") {
            continue;
        }
        while let Some(first) = rest.chars().next() {
            let end = match is_word(first) {
                true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                false => first.len_utf8(),
            };
            let (token, after) = rest.split_at(end);
            tokens.push((index + 1, token));
            rest = after.trim_start();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::impurities;

    #[test]
    fn impure_source_is_found() {
        for (text, line, word) in [
            ("let now = std::time::Instant::now();", 1, "Instant"),
            ("\nuse std::fs::File;", 2, "std::fs"),
            ("use std::{collections::{BTreeMap}, thread};", 1, "std::thread"),
            ("use std::{\n    cmp,\n    env::{self},\n};", 3, "std::env"),
            ("fn ratio(part: u64) -> f64 {", 1, "f64"),
            ("value.as_f64()", 1, "as_f64"),
            ("let x = 1 as f32; // why", 1, "f32"),
            ("::std::process::exit(1)", 1, "std::process"),
        ] {
            assert_eq!(impurities(text), [(line, word.to_owned())], "{text}");
        }
    }

    #[test]
    fn pure_source_is_not() {
        for text in [
            "// an f64 would round here, see std::fs",
            "    /// Never `SystemTime::now`.",
            "use std::{collections::BTreeMap, fmt};",
            "let thread = std::mem::take(&mut process);",
            "use crate::fs;",
            "use std",
        ] {
            assert_eq!(impurities(text), [], "{text}");
        }
    }
}
