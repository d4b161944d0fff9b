//! What people post with when they install nothing: the HTTP clients of Python and Node.js send a whole body before they
//! read, and must read why it was refused all the same.

use anyhow::Result;

use crate::command::{Run, program};

const REFUSED: &str = "tests/http/refused";

/// Posts bodies over their limits to the server at `url`.
pub(super) fn read_refusals(url: &str) -> Result<()> {
    program("python3").args([&format!("{REFUSED}.py"), url]).run()?;
    program("node").args([&format!("{REFUSED}.mjs"), url]).run()
}
