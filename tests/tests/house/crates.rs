//! Which crates of the project use which.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The rooms, and those of them that a crate there may use. A name that ends in `/` stands for all crates below it.
/// What tests alone use is free.
const MAY_USE: [(&str, &[&str]); 14] = [
    ("core", &[]),
    ("clients/", &["core"]),
    ("stores/", &["core"]),
    ("hosts/console", &[]),
    ("hosts/http", &["core"]),
    ("hosts/python", &["core"]),
    ("hosts/wasm", &["core"]),
    ("hosts/server", &["core", "hosts/console", "hosts/http"]),
    ("hosts/lambda", &["core", "hosts/http", "stores/aws"]),
    ("hosts/worker", &["core", "hosts/http", "stores/cloudflare"]),
    ("cli", &["core", "clients/", "hosts/console", "hosts/http", "hosts/server", "stores/"]),
    ("tests/support", &[]),
    ("tests", &["core", "stores/", "tests/"]),
    ("xtask", &["tests/support"]),
];

/// A crate of the project: its folder, and the folders of those it uses.
pub(crate) struct Crate {
    pub(crate) folder: String,
    uses: Vec<String>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the project").to_owned()
}

/// Every crate of the workspace.
pub(crate) fn crates() -> Vec<Crate> {
    let root = root();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&root)
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo describes the workspace");
    let folder = |path: &Value| {
        let path = Path::new(path.as_str().expect("a path is text"));
        path.strip_prefix(&root).expect("a crate of the workspace").to_str().expect("in UTF-8").to_owned()
    };
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let manifest = folder(&package["manifest_path"]);
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            Crate {
                folder: manifest.trim_end_matches("/Cargo.toml").to_owned(),
                uses: dependencies
                    .iter()
                    .filter(|dependency| dependency["kind"] != "dev" && !dependency["path"].is_null())
                    .map(|dependency| folder(&dependency["path"]))
                    .collect(),
            }
        })
        .collect()
}

fn is_in(room: &str, folder: &str) -> bool {
    folder == room || folder.starts_with(room) && (room.ends_with('/') || folder[room.len()..].starts_with('/'))
}

/// What is wrong with a crate's use of another.
fn wrong(folder: &str, used: &str) -> Option<String> {
    let Some((_, may_use)) = MAY_USE.iter().find(|(room, _)| is_in(room, folder)) else {
        return Some(format!("`{folder}` has no line in MAY_USE; say there what it may use"));
    };
    (!may_use.iter().any(|room| is_in(room, used))).then(|| format!("`{folder}` uses `{used}`, which is not below it"))
}

#[test]
fn dependencies_point_down() {
    let crates = crates();
    assert!(crates.len() > 10, "only {} crates were found", crates.len());
    let wrong: Vec<String> = crates
        .iter()
        .flat_map(|one| one.uses.iter().filter_map(|used| wrong(&one.folder, used)))
        .chain(crates.iter().filter_map(|one| wrong(&one.folder, &one.folder).filter(|what| what.contains("MAY_USE"))))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_has_a_page_that_is_its_documentation() {
    let without: Vec<String> = crates()
        .into_iter()
        .map(|one| one.folder)
        .filter(|folder| {
            let folder = root().join(folder);
            let roots = ["src/lib.rs", "src/main.rs"].map(|file| fs::read_to_string(folder.join(file)));
            let includes = |text: &String| text.contains("#![doc = include_str!(\"../README.md\")]");
            !folder.join("README.md").exists() || !roots.iter().flatten().any(includes)
        })
        .collect();
    assert!(without.is_empty(), "crates without a README.md that is their documentation: {}", without.join(", "));
}

#[test]
fn a_dependency_that_points_up_is_noticed() {
    assert_eq!(wrong("stores/sqlite", "core"), None);
    assert_eq!(wrong("cli", "stores/sqlite"), None);
    assert!(wrong("core", "stores/sqlite").is_some());
    assert!(wrong("stores/aws", "stores/sqlite").is_some());
    assert!(wrong("hosts/http", "hosts/server").is_some());
    assert!(wrong("hosts/httpx", "core").is_some());
    assert!(wrong("hosts/new", "core").is_some_and(|what| what.contains("MAY_USE")));
}
