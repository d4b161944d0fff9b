//! What has become of the objects so far, and what is told of it.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use pik_core::RawKey;

use super::Fate;
use crate::output::results;
use crate::progress::Progress;

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

/// Counts, and shows how far it has come.
pub(crate) struct Report {
    progress: Progress,
    counts: Counts,
}

impl Report {
    pub(crate) fn new(progress: Progress) -> Self {
        Self { progress, counts: Counts::default() }
    }

    /// Notes what became of an object.
    pub(crate) fn note(&mut self, key: &RawKey, fate: &Fate) {
        match fate {
            Fate::New => self.counts.new += 1,
            Fate::Known => self.counts.known += 1,
            Fate::Refused(why) => {
                self.counts.refused += 1;
                self.progress.tell(format_args!("{key}: refused: {why}"));
            }
        }
        self.read();
        self.progress.note(self.counts);
    }

    /// Notes an object that is not where it should be, or not what it should be.
    pub(crate) fn unusable(&mut self, what: &str) {
        self.counts.unusable += 1;
        self.progress.tell(what);
        self.read();
    }

    /// Notes that an object was read, and is on its way.
    pub(crate) fn read(&self) {
        self.progress.advance(1);
    }

    /// Notes how many of the objects that were read have arrived at the target.
    pub(crate) fn arrived(&mut self, count: u64) {
        self.counts.new += count;
        self.progress.note(self.counts);
    }

    /// The end of the progress, one line of counts on standard output, and the exit code.
    pub(crate) fn report(self, done: Result<()>) -> Result<ExitCode> {
        let counts = self.finish();
        let mut out = results();
        writeln!(out, "{counts}")?;
        out.flush()?;
        done?;
        Ok(if counts.all_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The end of the progress, and the counts.
    pub(crate) fn finish(self) -> Counts {
        self.counts
    }
}
