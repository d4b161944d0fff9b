//! A clock that a check sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pik_core::{Clock, IngestTime};

/// The clock of a store on the bench. At first it stands at the beginning of 1970, so that every attempt is fresh.
#[derive(Debug, Clone, Default)]
pub struct BenchClock(Arc<AtomicI64>);

impl BenchClock {
    /// The clock as a store takes it.
    pub fn clock(&self) -> Clock {
        let milliseconds = Arc::clone(&self.0);
        Clock::new(move || milliseconds.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, time: IngestTime) {
        self.0.store(time.unix_ms(), Ordering::Relaxed);
    }

    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
