//! How long to wait before trying again.

use std::time::Duration;

/// How long to wait before trying again, and how often to try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Tries after the first one.
    pub(crate) retries: u32,
    /// The longest first wait; it doubles with each try.
    pub(crate) first: Duration,
    /// The longest wait, whoever asks for it.
    pub(crate) longest: Duration,
}

impl Pace {
    /// For deliveries in a row: gives up within a minute, unless the host asks for more time.
    pub(crate) const PATIENT: Self =
        Self { retries: 8, first: Duration::from_millis(200), longest: Duration::from_secs(30) };

    /// The wait before the retry `number` (from 1), `None` when there is none. `random` is between 0 and 1: with full
    /// jitter, clients that failed together do not come back together. What the host asked for is the least.
    pub(crate) fn wait(&self, number: u32, asked: Option<Duration>, random: f64) -> Option<Duration> {
        if number > self.retries {
            return None;
        }
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(number - 1)).min(self.longest);
        Some((asked.unwrap_or_default() + doubled.mul_f64(random)).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { retries: 8, first: Duration::from_millis(200), longest: Duration::from_secs(30) };

    #[test]
    fn doubles_up_to_the_longest_and_ends() {
        let longest: Vec<u128> =
            (1..=9).filter_map(|number| PACE.wait(number, None, 1.0)).map(|wait| wait.as_millis()).collect();
        assert_eq!(longest, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]);
        assert_eq!(PACE.wait(1, None, 0.0), Some(Duration::ZERO));
        let patient = Pace { retries: u32::MAX, ..PACE };
        assert_eq!(patient.wait(1_000, None, 1.0), Some(Duration::from_secs(30)));
    }

    #[test]
    fn waits_as_long_as_the_host_asks_within_reason() {
        assert_eq!(PACE.wait(1, Some(Duration::from_secs(3)), 0.5), Some(Duration::from_millis(3_100)));
        assert_eq!(PACE.wait(1, Some(Duration::from_secs(86_400)), 0.5), Some(Duration::from_secs(30)));
    }
}
