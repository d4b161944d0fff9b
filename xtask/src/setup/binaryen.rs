//! The optimiser of wasm modules.

use std::path::PathBuf;

use anyhow::Result;

use super::{Step, npm};
use crate::workspace;

pub(crate) const STEP: Step = Step { name: "binaryen", about: "wasm-opt, from npm", run: || wasm_opt().map(|_| ()) };

/// The program `wasm-opt`. Not Debian's: years older, it writes modules that it calls valid and no engine loads.
pub(crate) fn wasm_opt() -> Result<PathBuf> {
    npm::install("xtask/npm")?;
    Ok(workspace::root().join("xtask/npm/node_modules/.bin/wasm-opt"))
}
