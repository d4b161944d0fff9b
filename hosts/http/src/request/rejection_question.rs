//! What is asked about refused events, read from a request's parameters.

use pik_core::{Code, IngestTime, RejectedHours, RejectionBounds, RejectionPlace, RejectionQuery};
use serde::Serialize;

use super::cursor::{self, CursorError};
use super::parameters::{Complaint, Given, Parameters};
use super::question::{bound, limit, ordered, partition};
use crate::limits::{DEFAULT_LIMIT, MAX_BUCKETS};

const RECORDS: &[&str] = &["from", "to", "source", "code", "limit", "cursor"];
const HOURS: &[&str] = &["from", "to", "source", "event_type"];

const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;

/// A page of records of refused events, as it was asked for.
#[derive(Serialize)]
pub(crate) struct Asked {
    from: Option<IngestTime>,
    to: Option<IngestTime>,
    source: Option<String>,
    code: Option<Code>,
    #[serde(skip)]
    pub(crate) after: Option<RejectionPlace>,
    #[serde(skip)]
    pub(crate) limit: usize,
}

impl Asked {
    /// Reads the parameters of `/rejections`.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Complaint> {
        let given = Given::read(parameters, RECORDS, &[])?;
        let (from, to) = window(&given)?;
        let mut asked = Self {
            from,
            to,
            source: given.parsed("source", partition)?,
            code: given.parsed("code", code)?,
            after: None,
            limit: given.parsed("limit", limit)?.unwrap_or(DEFAULT_LIMIT),
        };
        if let Some(cursor) = given.parsed("cursor", |cursor| Ok(cursor.to_owned()))? {
            let position = cursor::position(&asked, &cursor).map_err(CursorError::message)?;
            let place = RejectionPlace::read(&position).ok_or_else(|| CursorError::Broken.message())?;
            asked.after = Some(place);
        }
        Ok(asked)
    }

    /// The cursor of the page behind a place.
    pub(crate) fn cursor(&self, place: RejectionPlace) -> String {
        cursor::write(self, None, &place.position())
    }

    /// The question, as far back as records are kept.
    pub(crate) fn query(&self, now: IngestTime, bounds: RejectionBounds) -> RejectionQuery {
        let (from, to) = (self.from.unwrap_or(now), self.to.unwrap_or_else(|| end(now)));
        let from = match bounds.oldest(now) {
            Some(oldest) if self.from.is_none() => oldest,
            Some(oldest) => from.max(oldest),
            None => from,
        };
        RejectionQuery { from, to, source: self.source.clone(), code: self.code }
    }
}

/// Reads the parameters of `/rejections/stats`. The last thirty days, if nothing is said.
pub(crate) fn of_hours(parameters: &Parameters, now: IngestTime) -> Result<RejectedHours, Complaint> {
    let given = Given::read(parameters, HOURS, &[])?;
    let (from, to) = window(&given)?;
    let to = to.unwrap_or_else(|| end(now));
    let from = from.or_else(|| IngestTime::from_unix_ms(to.unix_ms() - 31 * MS_PER_DAY)).unwrap_or(to);
    if (to.unix_ms() - from.unix_ms()) / MS_PER_HOUR >= MAX_BUCKETS as i64 {
        return Err(format!("more than {MAX_BUCKETS} hours; move `from` and `to` together").into());
    }
    let (source, event_type) = (given.parsed("source", partition)?, given.parsed("event_type", partition)?);
    Ok(RejectedHours { from, to, source, event_type })
}

fn window(given: &Given<'_>) -> Result<(Option<IngestTime>, Option<IngestTime>), Complaint> {
    let (from, to) = (given.parsed("from", bound)?, given.parsed("to", bound)?);
    ordered(("from", from), ("to", to))?;
    Ok((from, to))
}

/// Clocks of other hosts may be ahead.
fn end(now: IngestTime) -> IngestTime {
    IngestTime::from_unix_ms(now.unix_ms() + MS_PER_DAY).unwrap_or(now)
}

fn code(value: &str) -> Result<Code, Complaint> {
    Code::from_stored(value)
        .ok_or_else(|| "not a code of refused events; docs/errors.md lists them, such as `missing_offset`".into())
}
