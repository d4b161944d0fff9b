//! The folder that an archive has: the program, and what goes with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Result, bail};

use super::{Release, Target};
use crate::command::program;
use crate::workspace;

/// What is the same for every target, with the place that it has in the folder.
const SHARED: [(&str, &str); 8] = [
    ("README.md", "README.md"),
    ("CHANGELOG.md", "CHANGELOG.md"),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("deploy/pik.service", "pik.service"),
    ("deploy/pik.socket", "pik.socket"),
    ("deploy/alerts.yml", "alerts.yml"),
    ("deploy/grafana-dashboard.json", "grafana-dashboard.json"),
];

const COMPLETIONS: [(&str, &str); 3] = [("bash", "pik.bash"), ("zsh", "_pik"), ("fish", "pik.fish")];

/// Has the program write its manual pages and completions, once for every target.
pub(super) fn pages(release: &Release, pik: &Path) -> Result<PathBuf> {
    let folder = release.folder.join("trees/pages");
    fs::create_dir_all(folder.join("completions"))?;
    run(pik, &["man"], Some(&folder.join("man")))?;
    for (shell, file) in COMPLETIONS {
        fs::write(folder.join("completions").join(file), run(pik, &["completions", shell], None)?)?;
    }
    Ok(folder)
}

fn run(pik: &Path, arguments: &[&str], folder: Option<&Path>) -> Result<Vec<u8>> {
    let output = program(pik).args(arguments).args(folder).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("`pik {}` ended with {}", arguments.join(" "), output.status);
    }
    Ok(output.stdout)
}

/// Puts the folder of a target together.
pub(super) fn assemble(
    release: &Release,
    target: Target,
    program: &Path,
    pages: &Path,
    notices: &str,
) -> Result<PathBuf> {
    let tree = release.folder.join("trees").join(format!("pik-{}-{}", release.version, target.triple()));
    fs::create_dir_all(&tree)?;
    fs::copy(program, tree.join("pik"))?;
    for (from, to) in SHARED {
        fs::copy(workspace::root().join(from), tree.join(to))?;
    }
    fs::write(tree.join("THIRD-PARTY.txt"), notices)?;
    for folder in ["completions", "man"] {
        fs::create_dir_all(tree.join(folder))?;
        for file in super::files(&pages.join(folder))? {
            fs::copy(&file, tree.join(folder).join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(tree)
}
