//! Counts that are kept up to date while events arrive: of each hour of a stream, and of each stream.
//!
//! Like an index, they are collected in memory and move into their table in bulk. Unlike the keys of an index, counts
//! must not be added twice: every row says up to which occurrence it counts.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};

use rusqlite::{Connection, params};

use crate::index::occurrence::Occurrence;

/// A row has a kilobyte or two, or a page of the file of its own, where an index has a few bytes.
const ROWS_PER_KEY: usize = 8;

/// How many occurrences are counted before they are written, and how many rows at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Occurrences that are collected before their rows start to move.
    pub(crate) collect: usize,
    /// The work of a transaction; a row counts as [`ROWS_PER_KEY`].
    pub(crate) slice: usize,
}

/// What is counted, and the table that it is kept in.
pub(crate) trait Table {
    /// What is counted of one key.
    type Tally: Clone + Default + PartialEq;

    /// The name under which `indexed` says how far the table is complete.
    const NAME: &'static str;

    /// Selects key and `counted_to` of the rows that count further than a given occurrence.
    const AHEAD: &'static str;

    /// The key of an occurrence.
    fn key(at: &Occurrence) -> i64;

    /// Counts one occurrence.
    fn add(tally: &mut Self::Tally, at: &Occurrence);

    /// Adds what was counted elsewhere.
    fn merge(tally: &mut Self::Tally, other: &Self::Tally);

    /// The rows with keys of a range, in order.
    fn rows(connection: &Connection, keys: &RangeInclusive<i64>) -> rusqlite::Result<Vec<Counted<Self::Tally>>>;

    /// Puts a row in place of what was there.
    fn put(connection: &Connection, row: &Counted<Self::Tally>) -> rusqlite::Result<()>;
}

/// Up to which occurrence the table is complete.
pub(crate) fn complete_to<T: Table>(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT ifnull(max(complete_to), 0) FROM indexed WHERE name = ?1", [T::NAME], |row| row.get(0))
}

/// A row of a table.
pub(crate) struct Counted<Y> {
    pub(crate) key: i64,
    /// Every occurrence of the key up to this one is in `tally`.
    pub(crate) to: i64,
    pub(crate) tally: Y,
}

/// What is not in the table yet.
pub(crate) struct Counts<T: Table> {
    collecting: HashMap<i64, T::Tally, foldhash::fast::RandomState>,
    // How many occurrences are in there.
    collected: usize,
    // Sorted by key; those before `slice.start` are in the table, `slice` is being written.
    moving: Vec<(i64, T::Tally)>,
    slice: Range<usize>,
    // Every occurrence up to this one is counted in the table once `moving` is there.
    moving_covers: i64,
    // Every occurrence up to this one is counted in the table.
    complete_to: i64,
    // Rows that count further, from a move that the last run did not end.
    ahead: HashMap<i64, i64>,
}

/// What waits for the table, of some keys.
pub(crate) struct Waiting<Y> {
    moving_covers: i64,
    moving: Vec<(i64, Y)>,
    collecting: Vec<(i64, Y)>,
}

impl<Y> Waiting<Y> {
    /// What waited and what the table had later, together: parts of one key, nothing twice.
    pub(crate) fn with(self, table: Vec<Counted<Y>>) -> Vec<(i64, Y)> {
        let counted_to: HashMap<i64, i64> = table.iter().map(|counted| (counted.key, counted.to)).collect();
        let to = |key: &i64| counted_to.get(key).copied().unwrap_or(i64::MIN);
        let Self { moving_covers, moving, collecting } = self;
        // A row that counts up to `moving_covers` was written out of `moving`, one that counts further out of what
        // `collecting` became.
        let moving = moving.into_iter().filter(|(key, _)| to(key) < moving_covers);
        let collecting = collecting.into_iter().filter(|(key, _)| to(key) <= moving_covers);
        table.into_iter().map(|counted| (counted.key, counted.tally)).chain(moving).chain(collecting).collect()
    }
}

impl<T: Table> Counts<T> {
    /// The counts as the table has them.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let complete_to = complete_to::<T>(connection)?;
        let mut ahead = connection.prepare(T::AHEAD)?;
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

    /// What waits for some keys.
    pub(crate) fn waiting(&self, is_asked: impl Fn(i64) -> bool) -> Waiting<T::Tally> {
        let of_these = |(key, _): &(&i64, &T::Tally)| is_asked(**key);
        let moving = self.moving[self.slice.start..].iter().map(|(key, tally)| (key, tally));
        let copied = |(key, tally): (&i64, &T::Tally)| (*key, tally.clone());
        Waiting {
            moving_covers: self.moving_covers,
            moving: moving.filter(&of_these).map(copied).collect(),
            collecting: self.collecting.iter().filter(&of_these).map(copied).collect(),
        }
    }

    fn write_row(&self, connection: &Connection, key: i64, tally: &T::Tally) -> rusqlite::Result<()> {
        let found = T::rows(connection, &(key..=key))?.pop();
        let mut whole = found.map(|counted| counted.tally).unwrap_or_default();
        T::merge(&mut whole, tally);
        T::put(connection, &Counted { key, to: self.moving_covers, tally: whole })
    }

    /// Counts a committed occurrence.
    pub(crate) fn add(&mut self, occurrence: &Occurrence) {
        let key = T::key(occurrence);
        if occurrence.seq <= self.complete_to || self.ahead.get(&key).is_some_and(|to| occurrence.seq <= *to) {
            return;
        }
        T::add(self.collecting.entry(key).or_default(), occurrence);
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
            self.moving.sort_unstable_by_key(|(key, _)| *key);
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
        for (key, tally) in &self.moving[self.slice.clone()] {
            self.write_row(connection, *key, tally)?;
        }
        if self.slice.end == self.moving.len() {
            connection
                .prepare_cached("INSERT OR REPLACE INTO indexed (name, complete_to) VALUES (?1, ?2)")?
                .execute(params![T::NAME, self.moving_covers])?;
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

    use pik_core::{EventTime, IngestTime, Tally};

    use super::*;
    use crate::db::schema;
    use crate::index::hours::Hours;
    use crate::index::occurrence::Kind;

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
            let mut tally = Tally::default();
            Hours::add(&mut tally, &at);
            (Hours::key(&at), tally)
        };
        totals((1..=last).map(one).collect())
    }

    fn table(connection: &Connection) -> Vec<Counted<Tally>> {
        Hours::rows(connection, &ALL_HOURS).unwrap()
    }

    /// One transaction, as the writer makes it, that fails at the end if told to.
    fn transaction(hourly: &mut Counts<Hours>, connection: &Connection, last: i64, fails: bool) {
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
        let mut hourly = Counts::<Hours>::load(&connection).unwrap();
        let mut unfinished = 0;
        for seq in 1..=400 {
            transaction(&mut hourly, &connection, seq - 1, seq % 7 == 0);
            hourly.add(&occurrence(seq));
            if seq % 11 == 0 {
                hourly = Counts::<Hours>::load(&connection).unwrap();
                unfinished += usize::from(!hourly.ahead.is_empty());
                (hourly.complete_to + 1..=seq).for_each(|seq| hourly.add(&occurrence(seq)));
            }
            let told = totals(hourly.waiting(|_| true).with(table(&connection)));
            assert_eq!(told, expected(seq), "after {seq}");
        }
        assert!(unfinished > 3, "only {unfinished} of the crashes were within a move");
    }

    #[test]
    fn a_reader_that_is_overtaken_counts_nothing_twice() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        let mut hourly = Counts::<Hours>::load(&connection).unwrap();
        let mut snapshots: Vec<(i64, Waiting<Tally>)> = Vec::new();
        for seq in 1..=150 {
            transaction(&mut hourly, &connection, seq - 1, false);
            hourly.add(&occurrence(seq));
            snapshots.push((seq, hourly.waiting(|_| true)));
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
