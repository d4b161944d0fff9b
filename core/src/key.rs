//! The raw object's key (`docs/contract.md`, section 6). No key is put together anywhere else.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::partition_value::{escape, unescape};
use crate::{Event, EventId, EventTime, IngestTime};

/// Where an event's raw object is stored.
///
/// Invariants: written by [`RawKey::new`] or checked by parsing, so it is at most 635 bytes, no segment is over
/// 255 bytes, and it reads back into the partition values.
///
/// ```
/// use pik_core::{Event, RawKey};
///
/// let event = Event::parse(br#"{"source":"a/b","event_type":"heartbeat","entity_id":"user_123",
///     "event_time":"2025-12-28T23:59:59Z","payload":null}"#).unwrap();
/// let key = RawKey::new(&event, "2025-12-29T20:15:35.580Z".parse().unwrap());
/// assert!(key.as_str().starts_with(
///     "raw/source=a%2Fb/event_type=heartbeat/event_date=2025-12-28/ingest_date=2025-12-29/hour=23/event_id="
/// ));
/// assert_eq!(key.partition().source, "a/b");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawKey(String);

/// What a key says of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The origin system, decoded.
    pub source: String,
    /// The logical type, decoded.
    pub event_type: String,
    /// The UTC date of the event time, `YYYY-MM-DD`.
    pub event_date: String,
    /// The UTC date of the ingest time, `YYYY-MM-DD`.
    pub ingest_date: String,
    /// The UTC hour of the event time, `hh`.
    pub hour: String,
    /// The event's id.
    pub event_id: EventId,
}

/// A text that is not a raw object's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseKeyError;

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a raw object's key: write raw/source=…/event_type=…/event_date=…/ingest_date=…/hour=…/event_id=….json",
        )
    }
}

impl core::error::Error for ParseKeyError {}

impl RawKey {
    /// The key of an event that arrived at `ingest_time`.
    pub fn new(event: &Event<'_>, ingest_time: IngestTime) -> Self {
        Self::of(event.source(), event.event_type(), event.event_time(), ingest_time, event.id())
    }

    /// The key from its parts, for a store that keeps them and not the key. The parts must be those of a valid event.
    pub fn of(
        source: &str,
        event_type: &str,
        event_time: &EventTime,
        ingest_time: IngestTime,
        event_id: &EventId,
    ) -> Self {
        let mut key = prefix(source, event_type, event_time);
        key.push_str("ingest_date=");
        key.push_str(&ingest_time.date());
        key.push_str("/hour=");
        key.push_str(&event_time.hour());
        key.push_str("/event_id=");
        for digit in event_id.hex() {
            key.push(char::from(digit));
        }
        key.push_str(".json");
        Self(key)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as owned text.
    pub fn into_string(self) -> String {
        self.0
    }

    /// What the key says of its event.
    pub fn partition(&self) -> Partition {
        read(&self.0).expect("a raw key was built or parsed, so it reads back")
    }
}

/// All of a key that is known before arrival: `raw/source=…/event_type=…/event_date=…/`.
///
/// ```
/// use pik_core::{Event, key_prefix};
///
/// let event = Event::parse(br#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123",
///     "event_time":"2025-12-28T23:59:59Z","payload":null}"#).unwrap();
/// assert_eq!(key_prefix(&event), "raw/source=demo/event_type=heartbeat/event_date=2025-12-28/");
/// ```
pub fn key_prefix(event: &Event<'_>) -> String {
    prefix(event.source(), event.event_type(), event.event_time())
}

fn prefix(source: &str, event_type: &str, event_time: &EventTime) -> String {
    // Enough for the whole key when nothing is escaped.
    let mut key = String::with_capacity(160 + source.len() + event_type.len());
    key.push_str("raw/source=");
    escape(source, &mut key);
    key.push_str("/event_type=");
    escape(event_type, &mut key);
    key.push_str("/event_date=");
    key.push_str(&event_time.date());
    key.push('/');
    key
}

fn read(key: &str) -> Option<Partition> {
    let mut segments = key.split('/');
    let mut next = |prefix: &str| segments.next().and_then(|segment| segment.strip_prefix(prefix));
    next("raw")?.is_empty().then_some(())?;
    let partition = Partition {
        source: unescape(next("source=")?)?,
        event_type: unescape(next("event_type=")?)?,
        event_date: date(next("event_date=")?)?,
        ingest_date: date(next("ingest_date=")?)?,
        hour: hour(next("hour=")?)?,
        event_id: next("event_id=")?.strip_suffix(".json")?.parse().ok()?,
    };
    segments.next().is_none().then_some(partition)
}

fn date(text: &str) -> Option<String> {
    let midnight: crate::EventTime = format!("{text}T00:00:00Z").parse().ok()?;
    (*midnight.date() == *text).then(|| text.to_owned())
}

fn hour(text: &str) -> Option<String> {
    let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) && text < "24";
    fits.then(|| text.to_owned())
}

impl FromStr for RawKey {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        read(text).map(|_| Self(text.to_owned())).ok_or(ParseKeyError)
    }
}

impl fmt::Display for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawKey({:?})", self.0)
    }
}

impl Serialize for RawKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "raw/source=a%2Fb/event_type=%5F_HIVE_DEFAULT_PARTITION__/event_date=2025-12-28/ingest_date=2025-12-29/hour=23/event_id=59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec.json";

    #[test]
    fn a_key_says_of_its_event_what_it_was_made_of() {
        let key: RawKey = KEY.parse().unwrap();
        let Partition { source, event_type, event_date, ingest_date, hour, event_id } = key.partition();
        assert_eq!((source.as_str(), event_type.as_str()), ("a/b", "__HIVE_DEFAULT_PARTITION__"));
        assert_eq!((event_date.as_str(), ingest_date.as_str(), hour.as_str()), ("2025-12-28", "2025-12-29", "23"));
        let event_time = "2025-12-28T23:30:00Z".parse().unwrap();
        let arrived = "2025-12-29T20:15:35.580Z".parse().unwrap();
        assert_eq!(RawKey::of(&source, &event_type, &event_time, arrived, &event_id), key);
    }

    #[test]
    fn what_no_event_can_have_is_no_key() {
        for (part, wrong) in [
            ("raw/", "raw2/"),
            ("raw/", "/raw/"),
            ("a%2Fb", ""),
            ("a%2Fb", "a/b"),
            ("a%2Fb", "a%2fb"),
            ("a%2Fb", "%41"),
            ("a%2Fb", "%4"),
            ("a%2Fb", "%zz"),
            ("a%2Fb", "%FF"),
            ("%5F_HIVE", "__HIVE"),
            ("2025-12-28", "2025-02-29"),
            ("2025-12-28", "20251228"),
            ("2025-12-29", "2025-12-2"),
            ("hour=23", "hour=24"),
            ("hour=23", "hour=7"),
            ("hour=23", "hour=1a"),
            ("event_id=5", "event_id=A"),
            (".json", ""),
            (".json", ".json/"),
        ] {
            let text = KEY.replace(part, wrong);
            let error = text.parse::<RawKey>().unwrap_err();
            assert!(error.to_string().starts_with("not a raw object's key: write raw/source="), "{text}: {error}");
        }
        let longest = KEY.replace("a%2Fb", &"x".repeat(240));
        assert!(longest.parse::<RawKey>().is_ok());
        assert!(longest.replace("source=x", "source=xx").parse::<RawKey>().is_err());
    }
}
