//! The target of all wasm, and whether a compiler has it.

use std::path::Path;

use crate::command::{Run, program};

/// The target that all wasm of this project is built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Whether this rustc has the target's core, std and test libraries.
pub(super) fn has_target(rustc: &Path) -> bool {
    let Ok(folder) = program(rustc).args(["--print", "target-libdir", "--target", TARGET]).read() else {
        return false;
    };
    let Ok(files) = std::fs::read_dir(folder.trim()) else {
        return false;
    };
    let names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".rlib"))
        .collect();
    ["libcore-", "libstd-", "libtest-"].iter().all(|library| names.iter().any(|name| name.starts_with(library)))
}
