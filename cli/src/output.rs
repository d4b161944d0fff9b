//! What the subcommands print.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;

use pik_core::Rejection;

/// Where an event stands in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file as it was named.
    pub(crate) file: Arc<str>,
    /// From 1; the line on which the input of an event that spans lines begins.
    pub(crate) line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Place {
    /// A problem of the event there, in the form that editors and `grep` users can jump from.
    pub(crate) fn problem(&self, problem: &str) -> String {
        format!("{self}: {}", counted_from(self.line, problem))
    }
}

/// Standard output, buffered; by lines where somebody watches.
pub(crate) fn results() -> Box<dyn Write + Send> {
    let stdout = io::stdout();
    if stdout.is_terminal() { Box::new(stdout) } else { Box::new(BufWriter::new(stdout)) }
}

/// One line for each problem.
pub(crate) fn print_problems(out: &mut impl Write, place: &Place, rejection: &Rejection) -> io::Result<()> {
    for problem in rejection.problems() {
        writeln!(out, "{}", place.problem(&problem.to_string()))?;
    }
    Ok(())
}

/// The core counts lines from the beginning of the event; people count from the beginning of the file.
fn counted_from(first_line: u64, message: &str) -> String {
    let counted = || {
        let (before, rest) = message.split_once("line ")?;
        let (line, after) = rest.split_once(", column ")?;
        let line: u64 = line.parse().ok()?;
        Some(format!("{before}line {}, column {after}", line + first_line - 1))
    };
    counted().unwrap_or_else(|| message.to_owned())
}

/// Whether the reader of our output has gone.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.kind() == io::ErrorKind::BrokenPipe)
}
