//! What has become of the events so far: counts, and a line for each problem.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use super::{Refusal, RefusedFile};
use crate::output::{Place, Summary};
use crate::progress::{Progress, Unit};

/// How many events came to what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) rejected: u64,
    pub(crate) failed: u64,
}

impl Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { accepted, duplicate, rejected, failed } = self;
        write!(f, "accepted {accepted}, duplicate {duplicate}, rejected {rejected}, failed {failed}")
    }
}

/// Shared by all threads that send.
pub(crate) struct Report {
    progress: Progress,
    so_far: Mutex<SoFar>,
}

#[derive(Default)]
struct SoFar {
    counts: Counts,
    summary: Summary,
    refused: Option<RefusedFile>,
    /// Why refused events could not be kept; nothing more is kept then.
    not_kept: Option<anyhow::Error>,
}

/// What is known at the end.
pub(crate) struct Reported {
    pub(crate) counts: Counts,
    pub(crate) summary: Summary,
    pub(crate) not_kept: Option<anyhow::Error>,
}

impl Report {
    /// A report on an input of `total_bytes`, if that is known.
    pub(crate) fn new(total_bytes: Option<u64>, refused: Option<RefusedFile>) -> Self {
        let progress = Progress::new(Unit::Bytes, total_bytes);
        Self { progress, so_far: Mutex::new(SoFar { refused, ..SoFar::default() }) }
    }

    /// Notes what an event came to.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut so_far.counts);
        let counts = so_far.counts;
        drop(so_far);
        self.progress.note(counts);
    }

    /// Notes an event that is refused, and why.
    pub(crate) fn rejected(&self, refusal: &Refusal<'_>) {
        self.count(|counts| counts.rejected += 1);
        for problem in &refusal.problems {
            self.tell(&refusal.place.problem(&problem.to_string()));
        }
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        so_far.summary.note(refusal.problems.iter().map(|problem| problem.code.as_str()));
        if let Some(file) = &mut so_far.refused
            && let Err(error) = file.add(refusal)
        {
            so_far.refused = None;
            so_far.not_kept = Some(error);
        }
    }

    /// Notes events that may have been stored or not.
    pub(crate) fn failed(&self, places: &[&Place], why: &str) {
        self.count(|counts| counts.failed += places.len() as u64);
        match places {
            [] => {}
            [only] => self.tell(&format!("{only}: failed: {why}")),
            [first, .., last] => self.tell(&format!("{first} to {last}: {} events failed: {why}", places.len())),
        }
    }

    /// Notes bytes of the input that are settled.
    pub(crate) fn advance(&self, bytes: u64) {
        self.progress.advance(bytes);
    }

    /// A line on standard error.
    pub(crate) fn tell(&self, line: &str) {
        self.progress.tell(line);
    }

    /// The end of the progress, and what is known.
    pub(crate) fn finish(self) -> Reported {
        let SoFar { counts, summary, refused: _, not_kept } =
            self.so_far.into_inner().unwrap_or_else(PoisonError::into_inner);
        Reported { counts, summary, not_kept }
    }
}
