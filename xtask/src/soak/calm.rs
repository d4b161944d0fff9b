//! When requests may fail, and which did when they may not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// The most faults that are told.
const TOLD: usize = 10;

/// When requests may fail, and which did when they may not.
#[derive(Default)]
pub(super) struct Calm {
    /// Odd while the server is disturbed in a way that fails requests.
    times: AtomicU64,
    faults: Mutex<Vec<String>>,
}

/// A time in which requests may fail, until it is dropped.
pub(super) struct Rough<'a>(&'a Calm);

impl Calm {
    /// From here on requests may fail.
    pub(super) fn disturb(&self) -> Rough<'_> {
        self.times.fetch_add(1, Ordering::SeqCst);
        Rough(self)
    }

    /// What time it is: a request notes it when it begins.
    pub(super) fn time(&self) -> u64 {
        self.times.load(Ordering::SeqCst)
    }

    /// A request that began then has failed now.
    pub(super) fn failed(&self, began: u64, fault: String) {
        if began.is_multiple_of(2) && began == self.time() {
            self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        }
    }

    /// An error if requests failed that should not.
    pub(super) fn verdict(&self) -> Result<()> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.is_empty() {
            return Ok(());
        }
        bail!("{} requests failed, such as:\n{}", faults.len(), faults[..faults.len().min(TOLD)].join("\n"))
    }
}

impl Drop for Rough<'_> {
    fn drop(&mut self) {
        self.0.times.fetch_add(1, Ordering::SeqCst);
    }
}
