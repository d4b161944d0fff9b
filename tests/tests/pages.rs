//! The Markdown pages: each link leads to a file and a heading that exist, each path that a page names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What builds make; named in pages, and not in a fresh clone.
const BUILT: [&str; 4] = ["fuzz/artifacts", "pkg/dist", "pkg/wasm", "target"];

/// Where paths in backticks begin, so that other words with a slash are not taken for one.
const ROOMS: [&str; 13] = [
    "core", "stores", "hosts", "clients", "cli", "console", "pkg", "examples", "tests", "xtask", "fuzz", "deploy",
    "docs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the project").to_owned()
}

/// Every page of the project, by its path from the root.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry of a folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            let others = ["target", "node_modules", "data"].contains(&name);
            if !others && (!name.starts_with('.') || name == ".github") {
                pages(&path, found);
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The lines of a page without its blocks of code.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// The anchors of a page's headings, as GitHub writes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = prose(page).into_iter().filter(|(_, line)| line.starts_with('#'));
    headings
        .map(|(_, line)| {
            let kept = line.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
            kept.map(|character| if character == ' ' { '-' } else { character }).collect()
        })
        .collect()
}

/// The targets of `[text](target)`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

/// What stands in backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// `a/b/../c` as `a/c`: pages also name places that only a build makes.
fn plain(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => parts.push(part),
        }
    }
    parts
}

/// What is wrong with a link of a page in `folder`.
fn broken(folder: &Path, page: &str, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    // Addresses, and items that rustdoc resolves.
    if target.contains(':') {
        return None;
    }
    let path = plain(&folder.join(file));
    let text = if file.is_empty() {
        page.to_owned()
    } else if path.is_dir() {
        return anchor.map(|_| format!("`{target}` is a folder, which has no heading"));
    } else {
        match fs::read(&path) {
            // A picture is no text, and has no heading.
            Ok(content) => String::from_utf8(content).unwrap_or_default(),
            Err(error) => return Some(format!("`{target}`: {error}")),
        }
    };
    let anchor = anchor?;
    (!anchors(&text).contains(anchor)).then(|| format!("`{target}`: there is no such heading"))
}

/// What is wrong with a path that a page in `folder` names.
fn missing(root: &Path, folder: &Path, name: &str) -> Option<String> {
    let first = name.split('/').next().unwrap_or_default();
    let is_path = name.contains('/')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "/._-".contains(character))
        // `suites/NAME.rs` stands for any.
        && !name.split(['/', '.']).any(|part| part.len() > 2 && part.chars().all(|character| character.is_ascii_uppercase()) && part != "README" && part != "ARCHITECTURE");
    let is_ours = ROOMS.contains(&first) || (folder != root && ["src", "tests", "migrations"].contains(&first));
    if !is_path || !is_ours || BUILT.iter().any(|built| name.starts_with(built)) {
        return None;
    }
    let there = root.join(name).exists() || folder.join(name).exists();
    (!there).then(|| format!("`{name}` is neither in the project nor beside the page"))
}

#[test]
fn links_and_paths_lead_somewhere() {
    let root = root();
    let mut found = Vec::new();
    pages(&root, &mut found);
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for path in &found {
        let page = fs::read_to_string(path).expect("a page is text");
        let folder = path.parent().expect("a page lies in a folder");
        for (number, line) in prose(&page) {
            let links = links(line).filter_map(|target| broken(folder, &page, target));
            let paths = quoted(line).filter_map(|name| missing(&root, folder, name));
            looked_at += 1;
            wrong.extend(links.chain(paths).map(|what| {
                let page = path.strip_prefix(&root).expect("a page of the project");
                format!("{}:{number}: {what}", page.display())
            }));
        }
    }
    assert!(found.len() > 10 && looked_at > 500, "only {} pages were found", found.len());
    assert!(wrong.is_empty(), "{} places lead nowhere:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_page_that_leads_nowhere_is_noticed() {
    let root = root();
    let page = "# One\n\n## Two words, `code`\n\n```text\n[not](looked-at)\n```\n";
    assert_eq!(broken(&root, page, "#two-words-code"), None);
    assert!(broken(&root, page, "#three").is_some());
    assert_eq!(broken(&root, page, "README.md#map"), None);
    assert!(broken(&root, page, "README.md#nowhere").is_some());
    assert!(broken(&root, page, "NOWHERE.md").is_some());
    assert_eq!(broken(&root, page, "https://example.com/x"), None);
    assert_eq!(prose(page).len(), 4);
    assert_eq!(links("[a](b) and [c](d#e)").collect::<Vec<_>>(), ["b", "d#e"]);

    assert_eq!(missing(&root, &root, "core/src/lib.rs"), None);
    assert!(missing(&root, &root, "core/src/nowhere.rs").is_some());
    assert_eq!(missing(&root, &root.join("core"), "src/lib.rs"), None);
    assert!(missing(&root, &root.join("core"), "src/nowhere.rs").is_some());
    for other in ["GET /events", "application/json", "xtask/src/suites/NAME.rs", "pkg/dist/index.js", "a/b"] {
        assert_eq!(missing(&root, &root, other), None, "{other}");
    }
}

#[test]
fn every_alert_leads_to_what_to_do() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
    let (alerts, page) = (read("deploy/alerts.yml"), read("docs/operate.md"));
    let anchors = anchors(&page);
    let named = |start: &str| -> Vec<String> {
        alerts.lines().filter_map(|line| line.trim_start().strip_prefix(start)).map(str::to_owned).collect()
    };
    let (names, books) = (named("- alert: "), named("runbook_url: "));
    let expected: Vec<String> = names.iter().map(|name| format!("docs/operate.md#{}", name.to_lowercase())).collect();
    assert_eq!(books, expected, "each alert has the place of its runbook, in their order");
    for name in names {
        assert!(anchors.contains(&name.to_lowercase()), "docs/operate.md has no heading `{name}`");
    }
}
