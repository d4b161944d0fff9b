//! Events as values, and their instants as numbers.

use crate::json::Json;

/// A valid event without any spelling: two of them are equal exactly when they are one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventValue {
    /// The origin system.
    pub source: String,
    /// The logical type.
    pub event_type: String,
    /// The user, device or account.
    pub entity_id: String,
    /// When it happened.
    pub time: Instant,
    /// The payload.
    pub payload: Json,
}

/// A UTC instant of the years 0001–9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds within the second.
    pub nanoseconds: u32,
}

/// 0001-01-01T00:00:00Z
pub const FIRST_SECOND: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z
pub const LAST_SECOND: i64 = 253_402_300_799;

/// A wall clock's reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// The proleptic Gregorian year.
    pub year: i64,
    /// 1–12
    pub month: i64,
    /// 1–31
    pub day: i64,
    /// 0–23
    pub hour: i64,
    /// 0–59
    pub minute: i64,
    /// 0–59
    pub second: i64,
}

impl Wall {
    /// What a clock shows `seconds` after 1970-01-01T00:00:00.
    pub fn of_seconds(seconds: i64) -> Self {
        let (mut day, of_day) = (seconds.div_euclid(86_400) + 719_162, seconds.rem_euclid(86_400));
        // Days since 0001-01-01, taken apart into 400, 100, 4 and 1 years; the last of a 400 or 4 is a day longer.
        let of_400 = day.div_euclid(146_097);
        day = day.rem_euclid(146_097);
        let of_100 = (day / 36_524).min(3);
        day -= of_100 * 36_524;
        let of_4 = day / 1_461;
        day -= of_4 * 1_461;
        let of_1 = (day / 365).min(3);
        day -= of_1 * 365;
        let year = of_400 * 400 + of_100 * 100 + of_4 * 4 + of_1 + 1;
        let leap = of_1 == 3 && (of_4 != 24 || of_100 == 3);
        let lengths = [31, 28 + i64::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut month = 1;
        for length in lengths {
            if day < length {
                break;
            }
            day -= length;
            month += 1;
        }
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        Self { year, month, day: day + 1, hour, minute, second }
    }
}
