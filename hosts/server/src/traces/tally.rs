//! What becomes of spans, in numbers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Opts};

/// What becomes of spans, in numbers.
#[derive(Debug)]
pub(super) struct Tally {
    waiting: AtomicUsize,
    most: usize,
    dropped: IntCounterVec,
    pub(super) exported: IntCounter,
    pub(super) queue_full: IntCounter,
    pub(super) export_failed: IntCounter,
    /// Why the collector did not answer, since this was last asked.
    pub(super) reason: Mutex<Option<String>>,
}

impl Tally {
    /// None yet; `most` may wait at once.
    pub(super) fn new(most: usize) -> prometheus::Result<Self> {
        let dropped = IntCounterVec::new(
            Opts::new(
                "pik_spans_dropped_total",
                "Spans that no collector got: too many waited, or it did not take them",
            ),
            &["reason"],
        )?;
        Ok(Self {
            waiting: AtomicUsize::new(0),
            most,
            exported: IntCounter::new("pik_spans_exported_total", "Spans that the collector took")?,
            queue_full: dropped.with_label_values(&["queue_full"]),
            export_failed: dropped.with_label_values(&["export_failed"]),
            dropped,
            reason: Mutex::default(),
        })
    }

    pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.dropped.clone()), Box::new(self.exported.clone())]
    }

    /// Takes a place among those that wait, or counts the span as dropped.
    pub(super) fn enter(&self) -> bool {
        let is_room = self.waiting.fetch_add(1, Ordering::Relaxed) < self.most;
        if !is_room {
            self.leave(1);
            self.queue_full.inc();
        }
        is_room
    }

    pub(super) fn leave(&self, spans: usize) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn note_reason(&self, reason: String) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    pub(super) fn take_reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
