//! How far it has come: a bar for people, counts at the end.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use pik_core::RawKey;

use super::Fate;
use crate::output::results;
use crate::terminal::tell;

/// What became of the objects.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) new: u64,
    pub(crate) known: u64,
    pub(crate) refused: u64,
    pub(crate) unusable: u64,
}

impl Counts {
    /// Whether everything is where it was to go.
    pub(crate) fn all_well(&self) -> bool {
        self.refused == 0 && self.unusable == 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { new, known, refused, unusable } = self;
        write!(f, "new {new}, there before {known}, refused {refused}, unusable {unusable}")
    }
}

/// Counts, and shows on a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    counts: Counts,
}

impl Progress {
    /// Of `total`, if that is known; `done` of them before we began.
    pub(crate) fn new(total: Option<u64>, done: u64) -> Self {
        let (bar, template) = match total {
            Some(total) => {
                (ProgressBar::new(total), "{bar:30} {percent:>3}% {human_pos}/{human_len} {per_sec} eta {eta} · {msg}")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {human_pos} {per_sec} {elapsed} · {msg}"),
        };
        // INVARIANT: the templates above are right; a wrong one would leave the default style.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_position(done);
        bar.reset_eta();
        Self { bar, counts: Counts::default() }
    }

    /// Notes what became of an object.
    pub(crate) fn note(&mut self, key: &RawKey, fate: &Fate) {
        match fate {
            Fate::New => self.counts.new += 1,
            Fate::Known => self.counts.known += 1,
            Fate::Refused(why) => {
                self.counts.refused += 1;
                self.tell(&format!("{key}: refused: {why}"));
            }
        }
        self.bar.inc(1);
        self.bar.set_message(self.counts.to_string());
    }

    /// Notes an object that is not where it should be, or not what it should be.
    pub(crate) fn unusable(&mut self, what: &str) {
        self.counts.unusable += 1;
        self.tell(what);
        self.bar.inc(1);
    }

    /// Notes that an object was read, and is on its way.
    pub(crate) fn read(&self) {
        self.bar.inc(1);
    }

    /// Notes how many of the objects that were read have arrived at the target.
    pub(crate) fn arrived(&mut self, count: u64) {
        self.counts.new += count;
        self.bar.set_message(self.counts.to_string());
    }

    fn tell(&self, line: &str) {
        self.bar.suspend(|| tell(line));
    }

    /// The end of the bar, one line of counts on standard output, and the exit code.
    pub(crate) fn report(self, done: Result<()>) -> Result<ExitCode> {
        let counts = self.finish();
        let mut out = results();
        writeln!(out, "{counts}")?;
        out.flush()?;
        done?;
        Ok(if counts.all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The end of the bar, and the counts.
    pub(crate) fn finish(self) -> Counts {
        self.bar.finish_and_clear();
        self.counts
    }
}
