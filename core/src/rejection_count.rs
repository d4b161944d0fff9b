//! How many events were refused, by hour, stream and code.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Code, IngestTime};

const MS_PER_HOUR: i64 = 3_600_000;

/// What a refused event is counted under: its first code, or that it came without a token that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CountedCode {
    /// The first code of a rejection.
    Rejected(Code),
    /// No token, or a wrong one: nothing of the request was looked at.
    Unauthorized,
}

impl CountedCode {
    /// The code as it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected(code) => code.as_str(),
            Self::Unauthorized => "unauthorized",
        }
    }

    /// Reads what [`CountedCode::as_str`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        match text {
            "unauthorized" => Some(Self::Unauthorized),
            code => Code::from_stored(code).map(Self::Rejected),
        }
    }
}

impl fmt::Display for CountedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CountedCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CountedCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_stored(&text).ok_or_else(|| de::Error::custom("no code of a refused event"))
    }
}

/// Refused events that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountedUnder {
    /// The start of the UTC hour in which they were refused.
    pub hour: IngestTime,
    /// The origin system, if that is valid by itself and one of the first of its hour.
    pub source: Option<String>,
    /// The logical event type, likewise.
    pub event_type: Option<String>,
    /// What was wrong.
    pub code: CountedCode,
}

/// How many were refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refusals {
    /// All of them.
    pub count: u64,
    /// Of these, how many left no record.
    pub unrecorded: u64,
}

impl Refusals {
    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.unrecorded += other.unrecorded;
    }
}

/// Refused events of one hour and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RejectedHour {
    /// The start of the UTC hour in which they were refused.
    pub hour: IngestTime,
    /// What was wrong: the first code of each.
    pub code: CountedCode,
    /// How many.
    #[serde(flatten)]
    pub refusals: Refusals,
}

/// Refused events of one source and type, of all times.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RejectedStream {
    /// The origin system.
    pub source: String,
    /// The logical event type.
    pub event_type: String,
    /// How many.
    pub count: u64,
    /// When the first of them was refused.
    pub first_time: IngestTime,
    /// When the last of them was refused.
    pub last_time: IngestTime,
}

/// The start of the UTC hour in which a time lies.
///
/// ```
/// let time = "2025-12-29T20:15:35.580Z".parse()?;
/// assert_eq!(pik_core::hour_of(time).to_string(), "2025-12-29T20:00:00.000Z");
/// # Ok::<(), pik_core::TimeError>(())
/// ```
pub fn hour_of(time: IngestTime) -> IngestTime {
    let start = time.unix_ms().div_euclid(MS_PER_HOUR) * MS_PER_HOUR;
    IngestTime::from_unix_ms(start).expect("the year 0001 begins on an hour's start")
}

/// Which hours to count: those that have a part in the window.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RejectedHours {
    /// A time in the first hour.
    pub from: IngestTime,
    /// The time before which the last hour starts.
    pub to: IngestTime,
    /// Of this source alone.
    pub source: Option<String>,
    /// Of this type alone.
    pub event_type: Option<String>,
}

impl RejectedHours {
    /// Whether what is counted under this is asked for.
    pub fn ask_for(&self, under: &CountedUnder) -> bool {
        let fits = |asked: &Option<String>, given: &Option<String>| asked.is_none() || asked == given;
        hour_of(self.from) <= under.hour
            && under.hour < self.to
            && fits(&self.source, &under.source)
            && fits(&self.event_type, &under.event_type)
    }
}
