//! How many bytes the bodies under way may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What each request may take without being counted, so that a few large bodies do not keep the small ones out.
const FREE_BYTES: usize = 16 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    left: AtomicUsize,
}

/// The budget is used up.
#[derive(Debug)]
pub(crate) struct Exhausted;

/// What one request takes; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<BodyBudget>,
    free: usize,
    taken: usize,
}

impl BodyBudget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { left: AtomicUsize::new(bytes) }
    }

    /// What requests have taken by now.
    pub(crate) fn taken(&self, bytes: usize) -> usize {
        bytes.saturating_sub(self.left.load(Ordering::Relaxed))
    }

    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { budget: Arc::clone(self), free: FREE_BYTES, taken: 0 }
    }
}

impl Share {
    /// Takes `bytes` more.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let free = bytes.min(self.free);
        let counted = bytes - free;
        if counted > 0 {
            let left = &self.budget.left;
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(counted))
                .map_err(|_| Exhausted)?;
        }
        self.free -= free;
        self.taken += counted;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_takes_is_given_back_at_its_end() {
        let budget = Arc::new(BodyBudget::new(100));
        let mut first = budget.share();
        assert!(first.take(FREE_BYTES).is_ok(), "not counted");
        assert!(first.take(100).is_ok());
        let mut second = budget.share();
        assert!(second.take(FREE_BYTES).is_ok(), "small bodies go through");
        assert!(second.take(1).is_err());
        drop(first);
        assert!(second.take(100).is_ok());
        assert!(second.take(1).is_err());
    }
}
