//! What has become of the events so far: counts, a bar for people, a line for each problem.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::Batch;
use crate::output::Place;

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

/// Shared by all who send.
pub(crate) struct Report {
    bar: ProgressBar,
    counts: Mutex<Counts>,
}

impl Report {
    /// A report on so many bytes of input, if that is known. The bar shows on a terminal only.
    pub(crate) fn new(total_bytes: Option<u64>) -> Self {
        let (bar, template) = match total_bytes {
            Some(bytes) => (
                ProgressBar::new(bytes),
                "{bar:30} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} eta {eta} · {msg}",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes} {bytes_per_sec} {elapsed} · {msg}"),
        };
        // INVARIANT: the templates above are right; a wrong one would leave the default style.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, counts: Mutex::default() }
    }

    /// Notes what some events came to.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut counts);
        let Counts { accepted, duplicate, rejected, failed } = *counts;
        drop(counts);
        if !self.bar.is_hidden() {
            self.bar.set_message(format!(
                "{} accepted, {} duplicate, {} rejected, {} failed",
                HumanCount(accepted),
                HumanCount(duplicate),
                HumanCount(rejected),
                HumanCount(failed)
            ));
        }
    }

    /// Notes an event that is refused, and why.
    pub(crate) fn rejected(&self, place: &Place, problems: impl Iterator<Item = String>) {
        self.count(|counts| counts.rejected += 1);
        problems.for_each(|problem| self.tell(&place.problem(&problem)));
    }

    /// Notes events that may have been stored or not.
    pub(crate) fn failed(&self, batch: &Batch, why: &str) {
        self.count(|counts| counts.failed += batch.len() as u64);
        let mut places = batch.places();
        match (places.next(), places.last()) {
            (None, _) => {}
            (Some(only), None) => self.tell(&format!("{only}: failed: {why}")),
            (Some(first), Some(last)) => {
                self.tell(&format!("{first} to {last}: {} events failed: {why}", batch.len()));
            }
        }
    }

    /// Notes bytes of the input that are settled.
    pub(crate) fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// A line on standard error.
    pub(crate) fn tell(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// The end of the bar, and the counts.
    pub(crate) fn finish(self) -> Counts {
        self.bar.finish_and_clear();
        self.counts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
