//! The store's last failed ingest, for `/readyz`: a store that answers questions may still be unable to write.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pik_core::StoreError;

/// How long a failed ingest counts. A load balancer sends nothing to a server that is not ready, so without an end no
/// ingest would come that could succeed.
const COUNTS_FOR: Duration = Duration::from_secs(10);

/// The store's last failed ingest, until one succeeds.
#[derive(Default)]
pub(crate) struct StoreFault {
    /// Whether there is one: what every ingest looks at.
    present: AtomicBool,
    last: Mutex<Option<(Duration, StoreError)>>,
}

impl StoreFault {
    /// Takes note of what an ingest came to at `now`.
    pub(crate) fn note<T>(&self, now: impl FnOnce() -> Duration, result: &Result<T, StoreError>) {
        match result {
            // An answer may be a duplicate's, which writes little; what counts is that the commit went through.
            Ok(_) if !self.present.load(Ordering::Relaxed) => {}
            Ok(_) => {
                *self.last() = None;
                self.present.store(false, Ordering::Relaxed);
            }
            // A full queue is a store at work.
            Err(StoreError::Overloaded(_)) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::Blocked(..) | StoreError::Internal(_))) => {
                *self.last() = Some((now(), error.clone()));
                self.present.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The last ingest's failure, if it still counts at `now`.
    pub(crate) fn at(&self, now: Duration) -> Option<StoreError> {
        self.last().as_ref().filter(|(when, _)| now.saturating_sub(*when) < COUNTS_FOR).map(|(_, error)| error.clone())
    }

    fn last(&self) -> MutexGuard<'_, Option<(Duration, StoreError)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
