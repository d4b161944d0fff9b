//! Counts and lags by hour of event time, kept up to date while events arrive.
//!
//! Like an index, they are collected in memory and move into their table in bulk. Unlike the keys of an index, counts
//! must not be added twice: every row says up to which occurrence it counts.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};

use pik_core::{EventTime, IngestTime, LagCounts, Outcome, Tally};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::db::{rows, sql};
use crate::index::lag_bytes;
use crate::index::occurrence::{Kind, Occurrence};

/// The name under which `indexed` says how far the table is complete.
const NAME: &str = "hourly";
const SECONDS_PER_HOUR: i64 = 3_600;
/// The first hour of the year 1, since 1970.
const FIRST_HOUR: i64 = -62_135_596_800 / SECONDS_PER_HOUR;
/// Enough for the hours of 9,999 years.
const HOUR_BITS: u32 = 27;
/// A row has a kilobyte or two where an index has a few bytes.
const ROWS_PER_KEY: usize = 8;

/// How many occurrences are counted before they are written, and how many rows at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Occurrences that are collected before their hours start to move.
    pub(crate) collect: usize,
    /// The work of a transaction; a row of an hour counts as [`ROWS_PER_KEY`].
    pub(crate) slice: usize,
}

/// An hour of a stream, as the table is keyed by it: those of one stream follow each other.
pub(crate) fn hour_key(stream: i64, event_time: &EventTime) -> i64 {
    stream << HOUR_BITS | (event_time.unix_seconds().div_euclid(SECONDS_PER_HOUR) - FIRST_HOUR)
}

/// The start of the hour that a key stands for.
pub(crate) fn hour_start(key: i64) -> Option<EventTime> {
    EventTime::from_unix(((key & ((1 << HOUR_BITS) - 1)) + FIRST_HOUR) * SECONDS_PER_HOUR, 0)
}

/// Up to which occurrence the table is complete.
pub(crate) fn complete_to(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT ifnull(max(complete_to), 0) FROM indexed WHERE name = ?1", [NAME], |row| row.get(0))
}

/// A row of the table.
pub(crate) struct Counted {
    pub(crate) hour: i64,
    /// Every occurrence of the hour up to this one is in `tally`.
    pub(crate) to: i64,
    pub(crate) tally: Tally,
}

impl Counted {
    /// Reads what [`sql::HOURS`] and [`sql::HOUR`] select.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let arrivals: (IngestTime, IngestTime) = (rows::read_ingest_time(row, 3)?, rows::read_ingest_time(row, 4)?);
        let bins = lag_bytes::read(row.get_ref(6)?.as_blob()?);
        Ok(Self {
            hour: row.get(0)?,
            to: row.get(1)?,
            tally: Tally {
                lags: LagCounts::from_stored(bins, row.get(5)?),
                duplicate: row.get::<_, i64>(2)?.unsigned_abs(),
                arrivals: Some(arrivals),
            },
        })
    }
}

/// What is not in the table yet.
pub(crate) struct Hourly {
    collecting: HashMap<i64, Tally, foldhash::fast::RandomState>,
    // How many occurrences are in there.
    collected: usize,
    // Sorted by hour; those before `slice.start` are in the table, `slice` is being written.
    moving: Vec<(i64, Tally)>,
    slice: Range<usize>,
    // Every occurrence up to this one is counted in the table once `moving` is there.
    moving_covers: i64,
    // Every occurrence up to this one is counted in the table.
    complete_to: i64,
    // Hours that count further, from a move that the last run did not end.
    ahead: HashMap<i64, i64>,
}

/// What waits for the table, of some hours.
pub(crate) struct Waiting {
    moving_covers: i64,
    moving: Vec<(i64, Tally)>,
    collecting: Vec<(i64, Tally)>,
}

impl Waiting {
    /// What waited and what the table had later, together: parts of one hour, nothing twice.
    pub(crate) fn with(self, table: Vec<Counted>) -> Vec<(i64, Tally)> {
        let counted_to: HashMap<i64, i64> = table.iter().map(|counted| (counted.hour, counted.to)).collect();
        let to = |hour: &i64| counted_to.get(hour).copied().unwrap_or(i64::MIN);
        let Self { moving_covers, moving, collecting } = self;
        // A row that counts up to `moving_covers` was written out of `moving`, one that counts further out of what
        // `collecting` became.
        let moving = moving.into_iter().filter(|(hour, _)| to(hour) < moving_covers);
        let collecting = collecting.into_iter().filter(|(hour, _)| to(hour) <= moving_covers);
        table.into_iter().map(|counted| (counted.hour, counted.tally)).chain(moving).chain(collecting).collect()
    }
}

impl Hourly {
    /// The counts as the table has them.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let complete_to = complete_to(connection)?;
        let mut ahead = connection.prepare("SELECT hour, counted_to FROM hourly WHERE counted_to > ?1")?;
        let ahead = ahead.query_map([complete_to], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let ahead: HashMap<i64, i64> = ahead.collect::<rusqlite::Result<_>>()?;
        Ok(Self {
            collecting: HashMap::default(),
            collected: 0,
            moving: Vec::new(),
            slice: 0..0,
            // What is collected from here on comes behind these rows, too.
            moving_covers: ahead.values().copied().max().unwrap_or(complete_to),
            complete_to,
            ahead,
        })
    }

    /// What waits for hours between two keys.
    pub(crate) fn waiting(&self, hours: &RangeInclusive<i64>) -> Waiting {
        let of_these = |(hour, _): &(&i64, &Tally)| hours.contains(hour);
        let moving = self.moving[self.slice.start..].iter().map(|(hour, tally)| (hour, tally));
        let copied = |(hour, tally): (&i64, &Tally)| (*hour, tally.clone());
        Waiting {
            moving_covers: self.moving_covers,
            moving: moving.filter(of_these).map(copied).collect(),
            collecting: self.collecting.iter().filter(of_these).map(copied).collect(),
        }
    }

    fn write_hour(&self, connection: &Connection, hour: i64, tally: &Tally) -> rusqlite::Result<()> {
        let found = connection.prepare_cached(sql::HOUR)?.query_row([hour], Counted::read).optional()?;
        let mut whole = found.map(|counted| counted.tally).unwrap_or_default();
        whole.merge(tally);
        let Tally { lags, duplicate, arrivals } = &whole;
        connection.prepare_cached(sql::PUT_HOUR)?.execute(params![
            hour,
            self.moving_covers,
            i64::try_from(*duplicate).unwrap_or(i64::MAX),
            arrivals.map(|(first, _)| first.unix_ms()),
            arrivals.map(|(_, last)| last.unix_ms()),
            lags.max(),
            lag_bytes::write(lags.bins()),
        ])?;
        Ok(())
    }

    /// Counts a committed occurrence.
    pub(crate) fn add(&mut self, occurrence: &Occurrence) {
        let hour = hour_key(occurrence.stream, &occurrence.event_time);
        if occurrence.seq <= self.complete_to || self.ahead.get(&hour).is_some_and(|to| occurrence.seq <= *to) {
            return;
        }
        let outcome = match occurrence.kind {
            Kind::First => Outcome::Accepted,
            Kind::Later { .. } => Outcome::Duplicate,
        };
        self.collecting.entry(hour).or_default().add(outcome, occurrence.ingest_time, occurrence.lag_ms());
        self.collected += 1;
    }

    /// Every occurrence up to this one is counted in the table.
    pub(crate) fn complete_to(&self) -> i64 {
        self.complete_to
    }

    /// Picks the rows to be written, and says whether any are due. `last_seq` is the last occurrence added.
    pub(crate) fn begin(&mut self, pace: Pace, last_seq: i64) -> bool {
        // While it catches up with rows that count further, `last_seq` may be before them: their counts go on waiting.
        let is_ahead = self.moving_covers > last_seq;
        let turned = self.slice.start == self.moving.len() && self.collected >= pace.collect.max(1) && !is_ahead;
        if turned {
            self.moving = self.collecting.drain().collect();
            self.moving.sort_unstable_by_key(|(hour, _)| *hour);
            self.collected = 0;
            self.moving_covers = last_seq;
            self.slice = 0..0;
        }
        // Everything has moved by the time that as much is collected again.
        let slice = (pace.slice / ROWS_PER_KEY).max(1);
        let due = match pace.collect {
            0 => self.slice.start + slice,
            collect => self.moving.len() * self.collected / collect,
        };
        if due >= self.slice.start + slice || self.collected >= pace.collect {
            self.slice.end = self.moving.len().min(due.max(self.slice.start + slice));
        }
        !self.slice.is_empty()
    }

    /// Writes them, within the transaction that is open.
    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.slice.is_empty() {
            return Ok(());
        }
        for (hour, tally) in &self.moving[self.slice.clone()] {
            self.write_hour(connection, *hour, tally)?;
        }
        if self.slice.end == self.moving.len() {
            connection
                .prepare_cached("INSERT OR REPLACE INTO indexed (name, complete_to) VALUES (?1, ?2)")?
                .execute(params![NAME, self.moving_covers])?;
        }
        Ok(())
    }

    /// They are in the table now.
    pub(crate) fn committed(&mut self) {
        if !self.slice.is_empty() && self.slice.end == self.moving.len() {
            self.complete_to = self.moving_covers;
            self.ahead.clear();
        }
        self.slice.start = self.slice.end;
    }

    /// They are not, and go on waiting.
    pub(crate) fn abandoned(&mut self) {
        self.slice.end = self.slice.start;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::db::schema;

    const ALL_HOURS: RangeInclusive<i64> = i64::MIN..=i64::MAX;

    /// Occurrences of two streams and some hours, every third a duplicate.
    fn occurrence(seq: i64) -> Occurrence {
        let seconds = 1_766_900_000 + seq * 7_919 % 30_000;
        Occurrence {
            seq,
            kind: if seq % 3 == 0 { Kind::Later { first: seq - 1 } } else { Kind::First },
            stream: 1 + seq % 2,
            event_time: EventTime::from_unix(seconds, 0).unwrap(),
            ingest_time: IngestTime::from_unix_ms(seconds * 1_000 + seq * seq - 500).unwrap(),
            id_prefix: 0,
            entity_prefix: 0,
        }
    }

    fn totals(parts: Vec<(i64, Tally)>) -> BTreeMap<i64, Tally> {
        let mut totals: BTreeMap<i64, Tally> = BTreeMap::new();
        for (hour, tally) in parts {
            totals.entry(hour).or_default().merge(&tally);
        }
        totals
    }

    /// The totals of the occurrences up to `last`.
    fn expected(last: i64) -> BTreeMap<i64, Tally> {
        let one = |seq| {
            let at = occurrence(seq);
            let outcome = if at.kind == Kind::First { Outcome::Accepted } else { Outcome::Duplicate };
            let mut tally = Tally::default();
            tally.add(outcome, at.ingest_time, at.lag_ms());
            (hour_key(at.stream, &at.event_time), tally)
        };
        totals((1..=last).map(one).collect())
    }

    fn table(connection: &Connection) -> Vec<Counted> {
        let mut statement = connection.prepare(sql::HOURS).unwrap();
        let rows = statement.query_map([ALL_HOURS.start(), ALL_HOURS.end()], Counted::read).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    /// One transaction, as the writer makes it, that fails at the end if told to.
    fn transaction(hourly: &mut Hourly, connection: &Connection, last: i64, fails: bool) {
        hourly.begin(Pace { collect: 20, slice: 24 }, last);
        connection.execute_batch("BEGIN").unwrap();
        hourly.write(connection).unwrap();
        connection.execute_batch(if fails { "ROLLBACK" } else { "COMMIT" }).unwrap();
        if fails { hourly.abandoned() } else { hourly.committed() }
    }

    #[test]
    fn nothing_is_lost_or_counted_twice_through_crashes_and_failures() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        let mut hourly = Hourly::load(&connection).unwrap();
        let mut unfinished = 0;
        for seq in 1..=400 {
            transaction(&mut hourly, &connection, seq - 1, seq % 7 == 0);
            hourly.add(&occurrence(seq));
            if seq % 11 == 0 {
                hourly = Hourly::load(&connection).unwrap();
                unfinished += usize::from(!hourly.ahead.is_empty());
                (hourly.complete_to + 1..=seq).for_each(|seq| hourly.add(&occurrence(seq)));
            }
            let told = totals(hourly.waiting(&ALL_HOURS).with(table(&connection)));
            assert_eq!(told, expected(seq), "after {seq}");
        }
        assert!(unfinished > 3, "only {unfinished} of the crashes were within a move");
    }

    #[test]
    fn a_reader_that_is_overtaken_counts_nothing_twice() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        let mut hourly = Hourly::load(&connection).unwrap();
        let mut snapshots: Vec<(i64, Waiting)> = Vec::new();
        for seq in 1..=150 {
            transaction(&mut hourly, &connection, seq - 1, false);
            hourly.add(&occurrence(seq));
            snapshots.push((seq, hourly.waiting(&ALL_HOURS)));
            // Each of the last 60 readers has looked at what waits, and looks at the table only now.
            for (then, waiting) in snapshots.iter().rev().take(60) {
                let waiting = Waiting {
                    moving_covers: waiting.moving_covers,
                    moving: waiting.moving.clone(),
                    collecting: waiting.collecting.clone(),
                };
                let (least, most) = (expected(*then), expected(seq));
                let told = totals(waiting.with(table(&connection)));
                for (hour, tally) in &told {
                    let count = |tally: Option<&Tally>| tally.map_or(0, |tally| tally.lags.count() + tally.duplicate);
                    let range = count(least.get(hour))..=count(most.get(hour));
                    assert!(range.contains(&count(Some(tally))), "{hour} from {then} to {seq}");
                }
                assert!(least.keys().all(|hour| told.contains_key(hour)));
            }
        }
    }
}
