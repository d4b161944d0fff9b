//! From when on a window of arrivals can gain nothing more.
//!
//! An investigator who reads window after window of arrivals must not miss an event that is committed behind the window.
//! So an answer about arrivals goes no further than [`Store::settled_until`](crate::Store::settled_until), and no window
//! that ends at or before that time ever gains a record.
//!
//! Split stores keep the promise up to a bound. An occurrence is listed under its `ingest_time` only by an attempt that
//! read the clock less than [`FRESH_MS`] before it commits. A slower attempt, or one that finishes another's claim, lists
//! it under its own time: [`Record::finished_time`](crate::Record::finished_time). Arrivals are settled
//! [`SETTLING_MS`] before now. What lies between the two pays for clocks that differ, for a call that takes effect late,
//! and for an index that lags behind its table.

use alloc::sync::Arc;
use core::fmt;

use crate::{IngestTime, StoreError};

/// An attempt of this age no longer lists an occurrence under the time at which the attempt began.
pub const FRESH_MS: i64 = 10_000;

/// On split stores, arrivals are settled this long before now. The promise holds as long as three times together stay under
/// `SETTLING_MS - FRESH_MS`, 50 seconds: the difference of two hosts' clocks, the time from sending a commit to its
/// effect, and the time that an index lags behind.
pub const SETTLING_MS: i64 = 60_000;

/// The UTC clock of a host.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock that reads milliseconds since 1970.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// A clock that stands still, for tests.
    pub fn standing(at: IngestTime) -> Self {
        Self::new(move || at.unix_ms())
    }

    /// What the clock shows.
    pub fn now(&self) -> Result<IngestTime, StoreError> {
        IngestTime::from_unix_ms((self.0)())
            .ok_or_else(|| StoreError::Internal("the host's clock is outside the years 1 to 9999; set it".into()))
    }

    /// The time under which an attempt that began at `began` may list what it is about to commit.
    pub(crate) fn listed_time(&self, began: IngestTime) -> Result<IngestTime, StoreError> {
        let now = self.now()?;
        Ok(if now.unix_ms() - began.unix_ms() < FRESH_MS { began } else { now })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Until when the arrivals of a split store are settled, for a host whose clock shows `now`.
pub(crate) fn settled_until(now: IngestTime) -> IngestTime {
    // Nothing arrives before the first time there is.
    IngestTime::from_unix_ms(now.unix_ms() - SETTLING_MS).unwrap_or(IngestTime::FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_lists_under_its_beginning_only_while_it_is_fresh() {
        let began: IngestTime = "2025-12-29T20:15:35.580Z".parse().unwrap();
        for (shows, listed) in [
            ("2025-12-29T20:15:35.580Z", "2025-12-29T20:15:35.580Z"),
            ("2025-12-29T20:15:45.579Z", "2025-12-29T20:15:35.580Z"),
            ("2025-12-29T20:15:45.580Z", "2025-12-29T20:15:45.580Z"),
            ("2025-12-30T20:15:35.580Z", "2025-12-30T20:15:35.580Z"),
            // The clock was set back meanwhile.
            ("2025-12-28T20:15:35.580Z", "2025-12-29T20:15:35.580Z"),
        ] {
            let clock = Clock::standing(shows.parse().unwrap());
            assert_eq!(clock.listed_time(began), Ok(listed.parse().unwrap()), "{shows}");
        }
        let broken = Clock::new(|| i64::MAX);
        assert_eq!(broken.listed_time(began).map_err(|error| error.code()), Err("internal"));
    }

    #[test]
    fn a_window_that_an_attempt_may_still_list_in_is_never_settled() {
        for shows in ["0001-01-01T00:00:00.000Z", "0001-01-01T00:00:59.999Z", "0001-01-01T00:01:00.000Z"] {
            let now: IngestTime = shows.parse().unwrap();
            // An attempt that began now may still commit, and another on a clock that is behind.
            assert_eq!(settled_until(now), IngestTime::FIRST, "{shows}");
        }
        let now: IngestTime = "0001-01-01T00:01:00.001Z".parse().unwrap();
        assert_eq!(settled_until(now).to_string(), "0001-01-01T00:00:00.001Z");
    }
}
