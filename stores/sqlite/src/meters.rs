//! What the writer measures of itself: a few atomic additions a commit, none an event.

use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntGauge};

/// The seconds that waits and commits are sorted by.
const SECONDS: [f64; 11] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// The writer's own measurements.
pub(crate) struct Meters {
    waits: Histogram,
    commits: Histogram,
    syncs: Histogram,
    failures: IntCounter,
    runs: IntGauge,
}

impl Meters {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let histogram = |name, help| Histogram::with_opts(HistogramOpts::new(name, help).buckets(SECONDS.into()));
        Ok(Self {
            waits: histogram(
                "pik_sqlite_queue_wait_seconds",
                "The longest that an event of a group waited for the writer; one observation a group",
            )?,
            commits: histogram(
                "pik_sqlite_commit_duration_seconds",
                "A transaction of the writer, from its begin until it is durable",
            )?,
            syncs: histogram(
                "pik_sqlite_sync_duration_seconds",
                "The part of a transaction that makes it durable: the log is written and synced",
            )?,
            failures: IntCounter::new(
                "pik_sqlite_commit_failures_total",
                "Transactions that failed, or were not tried because the disk is too full; their events were answered ERROR",
            )?,
            runs: IntGauge::new("pik_sqlite_index_runs", "Sorted runs of the index that a look-up may have to read")?,
        })
    }

    /// A group was taken from the queue, and its first entry had waited so long.
    pub(crate) fn waited(&self, waited: Duration) {
        self.waits.observe(waited.as_secs_f64());
    }

    /// A transaction that began and was synced at these moments is durable now.
    pub(crate) fn committed(&self, begun: Instant, syncing: Instant) {
        let now = Instant::now();
        self.commits.observe((now - begun).as_secs_f64());
        self.syncs.observe((now - syncing).as_secs_f64());
    }

    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    pub(crate) fn runs(&self, runs: usize) {
        self.runs.set(i64::try_from(runs).unwrap_or(i64::MAX));
    }

    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.waits.clone()),
            Box::new(self.commits.clone()),
            Box::new(self.syncs.clone()),
            Box::new(self.failures.clone()),
            Box::new(self.runs.clone()),
        ]
    }
}
