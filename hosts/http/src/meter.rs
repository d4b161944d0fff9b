//! How what the bearer of a token sends is counted.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::{Allowance, Config};

/// A token may send at once what it could in so many seconds: clients send in batches.
const BURST_SECONDS: u32 = 10;

/// What a [`Meter`] counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What comes back each second.
    pub per_second: NonZeroU32,
    /// The most at once: what comes back in ten seconds, and at least the largest batch.
    pub burst: NonZeroU32,
}

impl Rate {
    pub(crate) fn of_events(allowance: Allowance, config: &Config) -> Option<Self> {
        allowance.events.map(|events| Self::new(events, config.max_batch_events))
    }

    pub(crate) fn of_bytes(allowance: Allowance, config: &Config) -> Option<Self> {
        allowance.bytes.map(|bytes| Self::new(bytes, config.max_batch_bytes.max(config.max_event_bytes)))
    }

    fn new(per_second: NonZeroU32, largest: usize) -> Self {
        let largest = u32::try_from(largest).unwrap_or(u32::MAX);
        let burst = per_second.saturating_mul(const { NonZeroU32::new(BURST_SECONDS).unwrap() });
        Self { per_second, burst: NonZeroU32::new(largest).map_or(burst, |largest| burst.max(largest)) }
    }
}

/// Counts what the bearers of one token send.
pub trait Meter: Send + Sync {
    /// Counts a body with so many events and bytes, or says in which time there will be room for it.
    fn count(&self, events: usize, bytes: usize) -> Result<(), Duration>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_batch_always_fits_once() {
        let allowance = Allowance { events: NonZeroU32::new(1), bytes: NonZeroU32::new(u32::MAX) };
        let config = Config::default();
        assert_eq!(Rate::of_events(allowance, &config).unwrap().burst.get(), 10_000);
        assert_eq!(Rate::of_bytes(allowance, &config).unwrap().burst.get(), u32::MAX);
        assert_eq!(Rate::of_events(Allowance::default(), &config), None);
    }
}
