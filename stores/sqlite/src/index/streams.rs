//! Counts by stream: how much there is of each source and type, and since when.

use std::ops::RangeInclusive;

use pik_core::{StreamTally, StreamTimes};
use rusqlite::{Connection, Row, params};

use crate::db::{rows, sql};
use crate::index::counts::{Counted, Table};
use crate::index::occurrence::Occurrence;

/// The streams, each with its number as the key.
pub(crate) struct Streams;

impl Table for Streams {
    type Tally = StreamTally;

    const NAME: &'static str = "stream_count";
    const AHEAD: &'static str = "SELECT stream, counted_to FROM stream_count WHERE counted_to > ?1";

    fn key(at: &Occurrence) -> i64 {
        at.stream
    }

    fn add(tally: &mut StreamTally, at: &Occurrence) {
        tally.add(at.kind.outcome(), at.ingest_time, at.event_time);
    }

    fn merge(tally: &mut StreamTally, other: &StreamTally) {
        tally.merge(other);
    }

    fn rows(connection: &Connection, streams: &RangeInclusive<i64>) -> rusqlite::Result<Vec<Counted<StreamTally>>> {
        let mut statement = connection.prepare_cached(sql::STREAM_COUNTS)?;
        let rows = statement.query_map([streams.start(), streams.end()], read)?;
        rows.collect()
    }

    fn put(connection: &Connection, row: &Counted<StreamTally>) -> rusqlite::Result<()> {
        let StreamTally { accepted, duplicate, times } = &row.tally;
        let count = |count: &u64| i64::try_from(*count).unwrap_or(i64::MAX);
        connection.prepare_cached(sql::PUT_STREAM_COUNT)?.execute(params![
            row.key,
            row.to,
            count(accepted),
            count(duplicate),
            times.map(|times| times.first_arrival.unix_ms()),
            times.map(|times| times.last_arrival.unix_ms()),
            times.map(|times| times.last_event_time.unix_seconds()),
            times.map(|times| times.last_event_time.subsecond_nanoseconds()),
        ])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Counted<StreamTally>> {
    let times = StreamTimes {
        first_arrival: rows::read_ingest_time(row, 4)?,
        last_arrival: rows::read_ingest_time(row, 5)?,
        last_event_time: rows::read_event_time(row, 6)?,
    };
    let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let tally = StreamTally { accepted: count(2)?, duplicate: count(3)?, times: Some(times) };
    Ok(Counted { key: row.get(0)?, to: row.get(1)?, tally })
}
