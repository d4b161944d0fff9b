//! Lags, counted so that their percentiles can be told without keeping or sorting them.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Lags of smaller magnitude have a bin of their own.
const EXACT: u64 = 256;
/// The number of bins between one power of two and the next.
const PER_OCTAVE: u64 = EXACT / 2;

/// The distribution of lags in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lags {
    /// At or below this lie half of the lags. Like the others it may be up to 1/128 of its magnitude above the least
    /// number of which that is true, and never below it.
    pub p50: i64,
    /// At or below this lie 95 of 100.
    pub p95: i64,
    /// At or below this lie 99 of 100.
    pub p99: i64,
    /// The greatest, exactly.
    pub max: i64,
}

/// How many lags lie in each of a fixed set of bins: one millisecond wide below 256 ms, and at most 1/128 of their own
/// magnitude above. Two counts of the same lags are equal, whatever the order or grouping in which they were taken, so
/// every store tells the same percentiles.
///
/// ```
/// use pik_core::LagCounts;
///
/// let mut counts = LagCounts::default();
/// for lag_ms in [-20, 3, 5, 72_936_580] {
///     counts.add(lag_ms);
/// }
/// let lags = counts.lags().unwrap();
/// assert_eq!((lags.p50, lags.max), (3, 72_936_580));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LagCounts {
    bins: BTreeMap<i32, u64>,
    max: Option<i64>,
}

impl LagCounts {
    /// Counts one lag.
    pub fn add(&mut self, lag_ms: i64) {
        *self.bins.entry(bin_of(lag_ms)).or_default() += 1;
        self.max = self.max.max(Some(lag_ms));
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (bin, count) in &other.bins {
            *self.bins.entry(*bin).or_default() += count;
        }
        self.max = self.max.max(other.max);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.bins.values().sum()
    }

    /// The bins that are not empty, in the order of their lags, with how many lie in each. For a store to keep.
    pub fn bins(&self) -> impl ExactSizeIterator<Item = (i32, u64)> {
        self.bins.iter().map(|(bin, count)| (*bin, *count))
    }

    /// The greatest lag.
    pub fn max(&self) -> Option<i64> {
        self.max
    }

    /// What a store kept of [`LagCounts::bins`] and [`LagCounts::max`].
    pub fn from_stored(bins: impl IntoIterator<Item = (i32, u64)>, max: Option<i64>) -> Self {
        Self { bins: bins.into_iter().collect(), max }
    }

    /// The percentiles, absent when nothing was counted.
    pub fn lags(&self) -> Option<Lags> {
        let max = self.max?;
        let percentile = |hundredths: u128| {
            let rank = (u128::from(self.count()) * hundredths).div_ceil(100);
            let mut seen = 0;
            for (bin, count) in &self.bins {
                seen += u128::from(*count);
                if seen >= rank {
                    return last_of(*bin).min(max);
                }
            }
            max
        };
        Some(Lags { p50: percentile(50), p95: percentile(95), p99: percentile(99), max })
    }
}

/// The bin of a lag. Negative ones mirror the others, so that no bin holds both.
fn bin_of(lag_ms: i64) -> i32 {
    if lag_ms < 0 { !bin_of_magnitude((!lag_ms).unsigned_abs()) } else { bin_of_magnitude(lag_ms.unsigned_abs()) }
}

/// The greatest lag of a bin.
fn last_of(bin: i32) -> i64 {
    // INVARIANT: a magnitude is under 2^63, so its bin is under 256 + 55 × 128 and its bounds are under 2^63.
    if bin < 0 {
        !(first_magnitude_of((!bin).unsigned_abs()) as i64)
    } else {
        (first_magnitude_of(bin.unsigned_abs() + 1) - 1) as i64
    }
}

fn bin_of_magnitude(magnitude: u64) -> i32 {
    if magnitude < EXACT {
        return magnitude as i32;
    }
    let octave = u64::from(magnitude.ilog2() - EXACT.ilog2());
    let within = (magnitude >> (octave + 1)) - PER_OCTAVE;
    (EXACT + octave * PER_OCTAVE + within) as i32
}

fn first_magnitude_of(bin: u32) -> u64 {
    let bin = u64::from(bin);
    if bin < EXACT {
        return bin;
    }
    let octave = ((bin - EXACT) / PER_OCTAVE).min(54);
    let within = bin - EXACT - octave * PER_OCTAVE;
    (PER_OCTAVE + within) << (octave + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_follow_each_other_without_a_gap_or_an_overlap() {
        let magnitudes = [0, 1, 255, 256, 257, 258, 511, 512, 515, 516, 1023, 1024, 86_400_000, 315_537_897_599_999];
        for magnitude in magnitudes {
            for lag in [magnitude, -magnitude] {
                let bin = bin_of(lag);
                let (first, last) = (last_of(bin - 1) + 1, last_of(bin));
                assert!((first..=last).contains(&lag), "{lag} is not in {first}..={last}");
                assert_eq!((bin_of(first), bin_of(last), bin_of(last + 1)), (bin, bin, bin + 1), "{lag}");
                assert!((last - first) as u64 <= lag.unsigned_abs() / 128, "{lag} is told as {last}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_have_bins() {
        for lag in [i64::MAX, i64::MIN, i64::MIN + 1] {
            let mut counts = LagCounts::default();
            counts.add(lag);
            let told = counts.lags().unwrap();
            assert_eq!((told.p50, told.max), (lag, lag));
        }
    }

    #[test]
    fn percentiles_are_the_nearest_ranks() {
        let mut counts = LagCounts::default();
        assert_eq!(counts.lags(), None);
        for lag in 1..=100 {
            counts.add(lag);
        }
        assert_eq!(counts.lags(), Some(Lags { p50: 50, p95: 95, p99: 99, max: 100 }));
        counts.add(1_000);
        assert_eq!(counts.lags(), Some(Lags { p50: 51, p95: 96, p99: 100, max: 1_000 }));
    }

    #[test]
    fn counts_add_up() {
        let (mut whole, mut odd, mut even) = (LagCounts::default(), LagCounts::default(), LagCounts::default());
        for number in -500_i64..500 {
            let lag = number * number * number;
            whole.add(lag);
            if number % 2 == 0 { even.add(lag) } else { odd.add(lag) }
        }
        odd.merge(&even);
        assert_eq!(odd, whole);
        assert_eq!(LagCounts::from_stored(whole.bins(), whole.max()), whole);
        assert_eq!(whole.count(), 1_000);
    }
}
