//! Settling the events of a batch, however many requests it takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Reply, Verdict};
use super::{Batch, Client, Pace, Report};
use crate::output::Place;

/// How soon a waiting delivery notices that all is given up.
const NOTICE: Duration = Duration::from_millis(50);

/// What all deliveries share.
pub(crate) struct Delivery<'a> {
    pub(crate) client: &'a Client,
    pub(crate) pace: Pace,
    pub(crate) report: &'a Report,
    /// Set when the host cannot be reached or refuses everything: the rest would fare no better.
    pub(crate) given_up: &'a AtomicBool,
}

impl Delivery<'_> {
    /// Sends a batch until each of its events is settled, or there is no hope.
    pub(crate) fn settle(&self, batch: Batch) {
        let bytes_read = batch.bytes_read;
        self.send_all(batch);
        self.report.advance(bytes_read);
    }

    fn send_all(&self, mut batch: Batch) {
        let mut retry = 0;
        while batch.len() > 0 {
            if self.given_up.load(Ordering::Relaxed) {
                return self.report.failed(&batch, "not sent");
            }
            let before = batch.len();
            let (why, asked, host_answers) = match self.client.send(&batch) {
                Reply::Each(verdicts, asked) => {
                    let (rest, why) = self.note(batch, verdicts);
                    batch = rest;
                    if batch.len() == 0 {
                        return;
                    }
                    (why, asked, true)
                }
                Reply::Later(why, asked) => (why, asked, false),
                Reply::TooLarge(problems) if batch.len() == 1 => {
                    batch
                        .places()
                        .for_each(|place| self.report.rejected(place, problems.iter().map(ToString::to_string)));
                    return;
                }
                Reply::TooLarge(_) => {
                    let (first, second) = batch.split();
                    self.send_all(first);
                    return self.send_all(second);
                }
                Reply::Refused(why) => return self.give_up(&batch, &why),
            };
            // Whoever makes headway keeps trying.
            retry = if batch.len() < before { 1 } else { retry + 1 };
            match self.pace.wait(retry, asked, fastrand::f64()) {
                Some(wait) => self.wait(wait),
                None if host_answers => return self.report.failed(&batch, &why),
                None => return self.give_up(&batch, &why),
            }
        }
    }

    /// Counts what is settled; returns the rest, with a reason.
    fn note(&self, batch: Batch, verdicts: Vec<Verdict>) -> (Batch, String) {
        let mut reason = String::new();
        let mut open = vec![false; verdicts.len()];
        let places: Vec<Place> = batch.places().cloned().collect();
        for (index, (verdict, place)) in verdicts.into_iter().zip(&places).enumerate() {
            match verdict {
                Verdict::Accepted => self.report.count(|counts| counts.accepted += 1),
                Verdict::Duplicate => self.report.count(|counts| counts.duplicate += 1),
                Verdict::Rejected(problems) => self.report.rejected(place, problems.iter().map(ToString::to_string)),
                Verdict::Error(why) => {
                    open[index] = true;
                    reason = why;
                }
            }
        }
        (batch.retain(|index| open[index]), reason)
    }

    fn give_up(&self, batch: &Batch, why: &str) {
        if !self.given_up.swap(true, Ordering::Relaxed) {
            self.report.tell(&format!("pik: giving up: {why}"));
        }
        self.report.failed(batch, why);
    }

    fn wait(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.given_up.load(Ordering::Relaxed) {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            thread::sleep(rest.min(NOTICE));
        }
    }
}
