//! Settling the events of a batch, and giving up together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pik_client::{Client, Error, Settlement, Timer, Verdict};
use pik_core::Outcome;

use super::{Batch, Refusal, Report};
use crate::output::Place;

/// How soon a waiting delivery notices that all is given up.
const NOTICE: Duration = Duration::from_millis(50);

/// What all deliveries share.
pub(crate) struct Delivery<'a> {
    pub(crate) client: &'a Client,
    pub(crate) report: &'a Report,
    /// Set when the host cannot be reached or refuses everything: the rest would fare no better.
    pub(crate) given_up: &'a AtomicBool,
}

impl Delivery<'_> {
    /// Sends a batch until each of its events is settled, or there is no hope.
    pub(crate) fn settle(&self, batch: &Batch) {
        let Settlement { verdicts, stopped } = self.client.ingest_batch_unless(self.given_up, &batch.events);
        let why = match stopped {
            None | Some(Error::Stopped) => "not sent".to_owned(),
            Some(error) => {
                if !self.given_up.swap(true, Ordering::Relaxed) {
                    self.report.tell(&format!("pik: giving up: {error}"));
                }
                error.to_string()
            }
        };
        let mut failed = Vec::new();
        for ((verdict, place), event) in verdicts.into_iter().zip(&batch.places).zip(&batch.events) {
            match verdict {
                Verdict::Stored(stored) => self.report.count(|counts| match stored.status {
                    Outcome::Accepted => counts.accepted += 1,
                    Outcome::Duplicate => counts.duplicate += 1,
                }),
                Verdict::Rejected(problems) => {
                    self.report.rejected(&Refusal { place, problems, raw: Some(event.raw()) });
                }
                Verdict::Failed(problem) => failed.push((place, problem.to_string())),
                Verdict::Open => failed.push((place, why.clone())),
            }
        }
        // A host that is away fails for every event alike: one line for all that have one reason.
        for alike in failed.chunk_by(|(_, one), (_, other)| one == other) {
            let places: Vec<&Place> = alike.iter().map(|(place, _)| *place).collect();
            self.report.failed(&places, &alike[0].1);
        }
        self.report.advance(batch.bytes_read);
    }
}

/// Waits that end when all is given up.
pub(crate) struct Patience {
    pub(crate) given_up: Arc<AtomicBool>,
}

impl Timer for Patience {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, wait: Duration) {
        let start = Instant::now();
        while !self.given_up.load(Ordering::Relaxed) {
            let rest = wait.saturating_sub(start.elapsed());
            if rest.is_zero() {
                return;
            }
            thread::sleep(rest.min(NOTICE));
        }
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }
}
