//! Time and chance, which a test decides.

use std::thread;
use std::time::{Duration, SystemTime};

/// The clock, the pauses and the randomness of a client.
///
/// A program that must end a wait early, or a test that must not wait at all, brings its own.
pub trait Timer: Send + Sync {
    /// The time of day, against which a `Retry-After` with a date is read.
    fn now(&self) -> SystemTime;

    /// Waits. It may return early, then the next try is early.
    fn sleep(&self, wait: Duration);

    /// A number from 0 to 1.
    fn random(&self) -> f64;
}

/// The machine's clock, its threads, and a pseudo-random generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }

    fn random(&self) -> f64 {
        fastrand::f64()
    }
}
