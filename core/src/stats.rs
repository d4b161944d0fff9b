//! What happened in each hour or day of event time.

use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{EventTime, IngestTime, LagCounts, Lags, Outcome};

/// The width of a bucket of event time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BucketWidth {
    /// A UTC hour.
    Hour,
    /// A UTC day.
    Day,
}

impl BucketWidth {
    /// The width in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The width as it stands in questions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// A text that is neither `hour` nor `day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseWidthError;

impl core::fmt::Display for ParseWidthError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("neither `hour` nor `day`; write one of them in lower case")
    }
}

impl core::error::Error for ParseWidthError {}

impl FromStr for BucketWidth {
    type Err = ParseWidthError;

    fn from_str(text: &str) -> Result<Self, ParseWidthError> {
        [Self::Hour, Self::Day].into_iter().find(|width| width.as_str() == text).ok_or(ParseWidthError)
    }
}

/// What to count: one source and type, by event time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsQuery {
    /// The origin system.
    pub source: String,
    /// The logical event type.
    pub event_type: String,
    /// The width of a bucket.
    pub width: BucketWidth,
    start: EventTime,
    buckets: usize,
}

impl StatsQuery {
    /// The buckets that have a part in `from` (included) to `to` (excluded), each of them whole.
    ///
    /// ```
    /// use pik_core::{BucketWidth, StatsQuery};
    ///
    /// let query = StatsQuery::new("demo", "heartbeat", "2025-12-28T10:30:00Z".parse()?, "2025-12-28T12:00:00Z".parse()?, BucketWidth::Hour);
    /// let starts: Vec<_> = query.starts().map(|start| start.to_string()).collect();
    /// assert_eq!(starts, ["2025-12-28T10:00:00Z", "2025-12-28T11:00:00Z"]);
    /// # Ok::<(), pik_core::TimeError>(())
    /// ```
    pub fn new(
        source: impl Into<String>,
        event_type: impl Into<String>,
        from: EventTime,
        to: EventTime,
        width: BucketWidth,
    ) -> Self {
        let first = bucket_number(&from, width);
        // The last one that `to` ends or cuts.
        let last = match to.subsecond_nanoseconds() {
            0 => (to.unix_seconds() - 1).div_euclid(width.seconds()),
            1.. => bucket_number(&to, width),
        };
        let buckets = if from < to {
            usize::try_from(last - first + 1).expect("the last bucket is not before the first")
        } else {
            0
        };
        let start = EventTime::from_unix(first * width.seconds(), 0).expect("the year 0001 begins on a bucket's start");
        Self { source: source.into(), event_type: event_type.into(), width, start, buckets }
    }

    /// How many buckets.
    pub fn buckets(&self) -> usize {
        self.buckets
    }

    /// The start of the first bucket.
    pub fn start(&self) -> EventTime {
        self.start
    }

    /// The end of the last bucket, excluded, in seconds since 1970: it may be the first one after the year 9999.
    pub fn end_seconds(&self) -> i64 {
        self.start.unix_seconds() + self.buckets as i64 * self.width.seconds()
    }

    /// The starts of the buckets.
    pub fn starts(&self) -> impl Iterator<Item = EventTime> {
        let starts = (0..self.buckets as i64).map(|nth| self.start.unix_seconds() + nth * self.width.seconds());
        starts.filter_map(|seconds| EventTime::from_unix(seconds, 0))
    }

    /// The bucket, counted from 0, that an event time lies in.
    pub fn place_of(&self, event_time: &EventTime) -> Option<usize> {
        let place = bucket_number(event_time, self.width) - bucket_number(&self.start, self.width);
        usize::try_from(place).ok().filter(|place| *place < self.buckets)
    }

    /// The answer made of one tally a bucket.
    pub fn answer(&self, tallies: &[Tally]) -> Vec<Bucket> {
        self.starts().zip(tallies).map(|(start, tally)| tally.bucket(start)).collect()
    }
}

fn bucket_number(time: &EventTime, width: BucketWidth) -> i64 {
    time.unix_seconds().div_euclid(width.seconds())
}

/// The occurrences whose event time lies in one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's start; it ends where the next one starts.
    pub start: EventTime,
    /// First occurrences.
    pub accepted: u64,
    /// Later occurrences.
    pub duplicate: u64,
    /// Events of the stream that were refused while this hour or day was, whatever their event time. A store leaves it to
    /// [`count_stream`](crate::count_stream).
    #[serde(default)]
    pub rejected: u64,
    /// The lags of first occurrences, absent when there are none.
    pub lag_ms: Option<Lags>,
    /// The earliest ingest time of any occurrence.
    pub first_arrival: Option<IngestTime>,
    /// The latest ingest time of any occurrence.
    pub last_arrival: Option<IngestTime>,
}

/// Occurrences being counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The lags of first occurrences.
    pub lags: LagCounts,
    /// Later occurrences.
    pub duplicate: u64,
    /// The earliest and the latest ingest time.
    pub arrivals: Option<(IngestTime, IngestTime)>,
}

impl Tally {
    /// Counts one occurrence.
    pub fn add(&mut self, outcome: Outcome, ingest_time: IngestTime, ingest_lag_ms: i64) {
        match outcome {
            Outcome::Accepted => self.lags.add(ingest_lag_ms),
            Outcome::Duplicate => self.duplicate += 1,
        }
        self.arrived((ingest_time, ingest_time));
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.lags.merge(&other.lags);
        self.duplicate += other.duplicate;
        if let Some(arrivals) = other.arrivals {
            self.arrived(arrivals);
        }
    }

    fn arrived(&mut self, (first, last): (IngestTime, IngestTime)) {
        self.arrivals = Some(match self.arrivals {
            None => (first, last),
            Some((earliest, latest)) => (earliest.min(first), latest.max(last)),
        });
    }

    /// What was counted, as a bucket.
    pub fn bucket(&self, start: EventTime) -> Bucket {
        Bucket {
            start,
            accepted: self.lags.count(),
            duplicate: self.duplicate,
            rejected: 0,
            lag_ms: self.lags.lags(),
            first_arrival: self.arrivals.map(|(first, _)| first),
            last_arrival: self.arrivals.map(|(_, last)| last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(from: &str, to: &str, width: BucketWidth) -> StatsQuery {
        StatsQuery::new("s", "t", from.parse().unwrap(), to.parse().unwrap(), width)
    }

    #[test]
    fn buckets_are_whole() {
        let cases = [
            ("2025-12-28T00:00:00Z", "2025-12-29T00:00:00Z", BucketWidth::Day, 1),
            ("2025-12-28T00:00:00Z", "2025-12-29T00:00:00.000000001Z", BucketWidth::Day, 2),
            ("2025-12-28T23:59:59.999999999Z", "2025-12-29T00:00:00Z", BucketWidth::Hour, 1),
            ("2025-12-28T23:30:00Z", "2025-12-29T01:30:00Z", BucketWidth::Hour, 3),
            ("2025-12-28T23:30:00Z", "2025-12-28T23:30:00Z", BucketWidth::Hour, 0),
            ("2025-12-28T23:30:00Z", "2025-12-28T23:00:00Z", BucketWidth::Hour, 0),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z", BucketWidth::Day, 1),
            ("9999-12-31T22:59:59Z", "9999-12-31T23:59:59.999999999Z", BucketWidth::Hour, 2),
            ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", BucketWidth::Day, 3_652_059),
        ];
        for (from, to, width, buckets) in cases {
            let query = query(from, to, width);
            assert_eq!((query.buckets(), query.starts().count()), (buckets, buckets), "{from} to {to}");
            assert!(query.start() <= from.parse().unwrap());
        }
    }

    #[test]
    fn an_instant_lies_in_one_bucket_or_in_none() {
        let query = query("1969-12-31T22:00:00Z", "1970-01-01T02:00:00Z", BucketWidth::Hour);
        let place = |time: &str| query.place_of(&time.parse().unwrap());
        assert_eq!(place("1969-12-31T21:59:59.999999999Z"), None);
        assert_eq!(place("1969-12-31T22:00:00Z"), Some(0));
        assert_eq!(place("1969-12-31T23:59:59.999999999Z"), Some(1));
        assert_eq!(place("1970-01-01T01:59:59.999999999Z"), Some(3));
        assert_eq!(place("1970-01-01T02:00:00Z"), None);
    }
}
