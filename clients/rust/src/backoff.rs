//! How long to wait before trying again.

use std::time::Duration;

/// How long to wait before trying again, and how often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Tries after the first one. A request that settles at least one event starts the count anew.
    pub retries: u32,
    /// The longest first wait. It doubles with each try.
    pub first: Duration,
    /// The longest wait of our own.
    pub longest: Duration,
    /// The longest wait that a host's `Retry-After` can cause. A host that asks for more is asked earlier.
    pub longest_asked: Duration,
}

impl Default for Backoff {
    /// 8 retries; waits of up to 0.2 s that double up to 30 s; `Retry-After` up to 120 s.
    fn default() -> Self {
        Self {
            retries: 8,
            first: Duration::from_millis(200),
            longest: Duration::from_secs(30),
            longest_asked: Duration::from_secs(120),
        }
    }
}

impl Backoff {
    /// The wait before retry `number` (from 1); `None` when there is no such retry.
    ///
    /// `random` is from 0 to 1. The jitter is full, so clients that failed together do not come back together. What
    /// the host asked for is the least, up to [`Backoff::longest_asked`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use pik_client::Backoff;
    ///
    /// let backoff = Backoff::default();
    /// assert_eq!(backoff.wait(1, None, 1.0), Some(Duration::from_millis(200)));
    /// assert_eq!(backoff.wait(3, None, 0.5), Some(Duration::from_millis(400)));
    /// assert_eq!(backoff.wait(1, Some(Duration::from_secs(3)), 0.0), Some(Duration::from_secs(3)));
    /// assert_eq!(backoff.wait(1, Some(Duration::MAX), 0.0), Some(Duration::from_secs(120)));
    /// assert_eq!(backoff.wait(9, None, 1.0), None);
    /// ```
    pub fn wait(&self, number: u32, asked: Option<Duration>, random: f64) -> Option<Duration> {
        if number > self.retries {
            return None;
        }
        let doublings = number.saturating_sub(1);
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest);
        let asked = asked.unwrap_or_default().min(self.longest_asked);
        Some(asked.saturating_add(doubled.mul_f64(random.clamp(0.0, 1.0))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest_and_ends() {
        let backoff = Backoff { retries: 9, ..Backoff::default() };
        let waits: Vec<u128> =
            (1..=10).filter_map(|number| backoff.wait(number, None, 1.0)).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
        assert_eq!(backoff.wait(1, None, 0.0), Some(Duration::ZERO));
        let patient = Backoff { retries: u32::MAX, longest: Duration::MAX, ..backoff };
        assert!(patient.wait(u32::MAX, Some(Duration::MAX), 1.0).is_some(), "no overflow");
    }
}
