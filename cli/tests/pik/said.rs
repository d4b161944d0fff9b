//! What a command said, and how it ended.

use std::process::Output;

use crate::server::pik;

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs `pik` to its end, without standard input.
pub(crate) fn run(arguments: &[&str]) -> Said {
    pik([]).args(arguments).output().unwrap().into()
}
