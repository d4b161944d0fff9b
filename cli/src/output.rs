//! What the subcommands print.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;

use pik_core::Rejection;

use crate::terminal::plain;

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

/// Standard output: buffered, and line by line on a terminal.
pub(crate) fn results() -> Box<dyn Write + Send> {
    let stdout = io::stdout();
    if stdout.is_terminal() { Box::new(stdout) } else { Box::new(BufWriter::new(stdout)) }
}

/// One line for each problem.
pub(crate) fn print_problems(out: &mut impl Write, place: &Place, rejection: &Rejection) -> io::Result<()> {
    for problem in rejection.problems() {
        writeln!(out, "{}", plain(&place.problem(&problem.to_string())))?;
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

/// Whether what read our output has ended.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// How many events have a problem of each code.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    events: BTreeMap<String, u64>,
}

impl Summary {
    /// Notes the problems of one event.
    pub(crate) fn note<'a>(&mut self, codes: impl Iterator<Item = &'a str>) {
        for code in codes.collect::<BTreeSet<_>>() {
            *self.events.entry(code.to_owned()).or_default() += 1;
        }
    }

    /// Whether no event had a problem.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// The most frequent code first: `3 missing_offset, 1 invalid_json`.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut codes: Vec<_> = self.events.iter().collect();
        codes.sort_by_key(|(_, events)| std::cmp::Reverse(**events));
        for (place, (code, events)) in codes.into_iter().enumerate() {
            write!(f, "{}{events} {code}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
