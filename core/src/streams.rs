//! Which sources and types there are.

use serde::{Deserialize, Serialize};

use crate::{EventTime, IngestTime, Outcome, Position};

/// A source and a type of which there are events. What a store does not count is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// The origin system.
    pub source: String,
    /// The logical event type.
    pub event_type: String,
    /// First occurrences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u64>,
    /// Later occurrences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<u64>,
    /// Refused events. A store leaves it to [`list_streams`](crate::list_streams).
    #[serde(default)]
    pub rejected: u64,
    /// The earliest ingest time of any occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_arrival: Option<IngestTime>,
    /// The latest ingest time of any occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_arrival: Option<IngestTime>,
    /// The latest event time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_time: Option<EventTime>,
}

/// Between the names in a position. It is forbidden in both.
const SEPARATOR: char = '\0';

impl Stream {
    /// A stream of which nothing else is known.
    pub fn named(source: impl Into<String>, event_type: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            event_type: event_type.into(),
            accepted: None,
            duplicate: None,
            rejected: 0,
            first_arrival: None,
            last_arrival: None,
            last_event_time: None,
        }
    }

    /// Where the list goes on behind this stream, for stores that list them by source and type, as bytes.
    pub fn position(&self) -> Position {
        Position::new(format!("{}{SEPARATOR}{}", self.source, self.event_type))
    }

    /// Source and type of the stream that a position names.
    pub fn names_of(position: &Position) -> Option<(&str, &str)> {
        position.as_str().split_once(SEPARATOR).filter(|(source, event_type)| {
            !source.is_empty() && !event_type.is_empty() && !event_type.contains(SEPARATOR)
        })
    }
}

/// The occurrences of one stream, being counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamTally {
    /// First occurrences.
    pub accepted: u64,
    /// Later occurrences.
    pub duplicate: u64,
    /// Absent when nothing was counted.
    pub times: Option<StreamTimes>,
}

/// The times of a stream that has occurrences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamTimes {
    /// The earliest ingest time.
    pub first_arrival: IngestTime,
    /// The latest ingest time.
    pub last_arrival: IngestTime,
    /// The latest event time.
    pub last_event_time: EventTime,
}

impl StreamTally {
    /// Counts one occurrence.
    pub fn add(&mut self, outcome: Outcome, ingest_time: IngestTime, event_time: EventTime) {
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Duplicate => self.duplicate += 1,
        }
        self.at(StreamTimes { first_arrival: ingest_time, last_arrival: ingest_time, last_event_time: event_time });
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        if let Some(times) = other.times {
            self.at(times);
        }
    }

    fn at(&mut self, times: StreamTimes) {
        self.times = Some(match self.times {
            None => times,
            Some(known) => StreamTimes {
                first_arrival: known.first_arrival.min(times.first_arrival),
                last_arrival: known.last_arrival.max(times.last_arrival),
                last_event_time: known.last_event_time.max(times.last_event_time),
            },
        });
    }

    /// What was counted, under its names; `None` when there was nothing.
    pub fn stream(&self, source: impl Into<String>, event_type: impl Into<String>) -> Option<Stream> {
        let StreamTimes { first_arrival, last_arrival, last_event_time } = self.times?;
        Some(Stream {
            accepted: Some(self.accepted),
            duplicate: Some(self.duplicate),
            first_arrival: Some(first_arrival),
            last_arrival: Some(last_arrival),
            last_event_time: Some(last_event_time),
            ..Stream::named(source, event_type)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_names_a_stream_and_anything_else_does_not() {
        let stream = Stream::named("a b", "c/d");
        assert_eq!(Stream::names_of(&stream.position()), Some(("a b", "c/d")));
        for broken in ["", "a", "\0", "a\0", "\0b", "a\0b\0c"] {
            assert_eq!(Stream::names_of(&Position::new(broken)), None, "{broken:?}");
        }
    }

    #[test]
    fn counts_add_up_in_any_order() {
        let time = |text: &str| text.parse::<IngestTime>().unwrap();
        let (early, late) = (time("2025-12-29T00:00:00.000Z"), time("2025-12-30T00:00:00.000Z"));
        let (old, new) = ("2025-12-01T00:00:00Z".parse().unwrap(), "2025-12-02T00:00:00Z".parse().unwrap());
        let (mut one, mut other) = (StreamTally::default(), StreamTally::default());
        assert_eq!(one.stream("s", "t"), None);
        one.add(Outcome::Accepted, late, old);
        other.add(Outcome::Duplicate, early, new);
        let both = |mut one: StreamTally, other: &StreamTally| {
            one.merge(other);
            one.stream("s", "t").unwrap()
        };
        let whole = both(one.clone(), &other);
        assert_eq!(whole, both(other, &one));
        assert_eq!((whole.accepted, whole.duplicate), (Some(1), Some(1)));
        assert_eq!((whole.first_arrival, whole.last_arrival), (Some(early), Some(late)));
        assert_eq!(whole.last_event_time, Some(new));
    }
}
