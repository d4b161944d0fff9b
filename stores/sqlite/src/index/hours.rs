//! Counts and lags by hour of event time.

use std::ops::RangeInclusive;

use pik_core::{EventTime, IngestTime, LagCounts, Tally};
use rusqlite::{Connection, Row, params};

use crate::db::{rows, sql};
use crate::index::counts::{Counted, Table};
use crate::index::lag_bytes;
use crate::index::occurrence::Occurrence;

const SECONDS_PER_HOUR: i64 = 3_600;
/// The first hour of the year 1, since 1970.
const FIRST_HOUR: i64 = -62_135_596_800 / SECONDS_PER_HOUR;
/// Enough for the hours of 9,999 years.
const HOUR_BITS: u32 = 27;

/// An hour of a stream, as the table is keyed by it: those of one stream follow each other.
pub(crate) fn hour_key(stream: i64, event_time: &EventTime) -> i64 {
    stream << HOUR_BITS | (event_time.unix_seconds().div_euclid(SECONDS_PER_HOUR) - FIRST_HOUR)
}

/// The start of the hour that a key stands for.
pub(crate) fn hour_start(key: i64) -> Option<EventTime> {
    EventTime::from_unix(((key & ((1 << HOUR_BITS) - 1)) + FIRST_HOUR) * SECONDS_PER_HOUR, 0)
}

/// The hours of streams.
pub(crate) struct Hours;

impl Table for Hours {
    type Tally = Tally;

    const NAME: &'static str = "hourly";
    const AHEAD: &'static str = "SELECT hour, counted_to FROM hourly WHERE counted_to > ?1";

    fn key(at: &Occurrence) -> i64 {
        hour_key(at.stream, &at.event_time)
    }

    fn add(tally: &mut Tally, at: &Occurrence) {
        tally.add(at.kind.outcome(), at.ingest_time, at.lag_ms());
    }

    fn merge(tally: &mut Tally, other: &Tally) {
        tally.merge(other);
    }

    fn rows(connection: &Connection, hours: &RangeInclusive<i64>) -> rusqlite::Result<Vec<Counted<Tally>>> {
        let mut statement = connection.prepare_cached(sql::HOURS)?;
        let rows = statement.query_map([hours.start(), hours.end()], read)?;
        rows.collect()
    }

    fn put(connection: &Connection, row: &Counted<Tally>) -> rusqlite::Result<()> {
        let Tally { lags, duplicate, arrivals } = &row.tally;
        connection.prepare_cached(sql::PUT_HOUR)?.execute(params![
            row.key,
            row.to,
            i64::try_from(*duplicate).unwrap_or(i64::MAX),
            arrivals.map(|(first, _)| first.unix_ms()),
            arrivals.map(|(_, last)| last.unix_ms()),
            lags.max(),
            lag_bytes::write(lags.bins()),
        ])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Counted<Tally>> {
    let arrivals: (IngestTime, IngestTime) = (rows::read_ingest_time(row, 3)?, rows::read_ingest_time(row, 4)?);
    let bins = lag_bytes::read(row.get_ref(6)?.as_blob()?);
    Ok(Counted {
        key: row.get(0)?,
        to: row.get(1)?,
        tally: Tally {
            lags: LagCounts::from_stored(bins, row.get(5)?),
            duplicate: row.get::<_, i64>(2)?.unsigned_abs(),
            arrivals: Some(arrivals),
        },
    })
}
