//! The indexes as the writer keeps them.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::Connection;

use crate::db::{checkpoint, migrate, schema};
use crate::index::counts::{Counts, Pace, Table};
use crate::index::hours::Hours;
use crate::index::keys;
use crate::index::occurrence::Occurrence;
use crate::index::streams::Streams;
use crate::index::tree::{Key, Memory, Shape, Tree};

/// Occurrences whose counts are collected under load. The more, the fewer rows are written; the more is read at the
/// start after a crash, too.
const BUSY: Pace = Pace { collect: 65_536, slice: 512 };
/// Writes everything that is counted, some thousand rows at a time.
const ALL: Pace = Pace { collect: 0, slice: 65_536 };
/// Keys that one transaction writes when nothing else is to be done: few enough not to keep an ingest waiting.
const IDLE_KEYS: usize = 4_096;
/// The same when no ingest can wait.
const CATCH_UP_KEYS: usize = 262_144;
/// How the tables catch up with the rows.
#[derive(Debug, Clone, Copy)]
struct CatchUp {
    /// As many missing occurrences fit into memory. A crash leaves fewer.
    memory: i64,
    /// Occurrences that are read at once.
    window: i64,
    /// Windows from one report to the next.
    report: usize,
}

const CATCH_UP: CatchUp = CatchUp { memory: 131_072, window: 32_768, report: 32 };

/// How far the indexes of a file have come at its opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records that are in the indexes.
    pub indexed: u64,
    /// All records.
    pub records: u64,
}

/// What is in no table yet. The writer changes it, readers look.
#[derive(Clone)]
pub(crate) struct InMemory {
    pub(crate) keys: Arc<Memory>,
    hourly: Arc<RwLock<Counts<Hours>>>,
    streams: Arc<RwLock<Counts<Streams>>>,
}

// What the counts hold is only ever what a commit left, so a panic of another thread cannot have spoiled it.
impl InMemory {
    /// The counts by hour.
    pub(crate) fn hourly(&self) -> RwLockReadGuard<'_, Counts<Hours>> {
        self.hourly.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts by stream.
    pub(crate) fn streams(&self) -> RwLockReadGuard<'_, Counts<Streams>> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn hourly_mut(&self) -> RwLockWriteGuard<'_, Counts<Hours>> {
        self.hourly.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams_mut(&self) -> RwLockWriteGuard<'_, Counts<Streams>> {
        self.streams.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All indexes. Within a transaction of the writer comes `write` or `work`, after it `committed` or `abandoned`.
pub(crate) struct Indexes {
    tree: Tree,
    in_memory: InMemory,
    last_seq: i64,
}

impl Indexes {
    /// The indexes of all occurrences. What the tables lack is read from the rows; if that is much, it is written into the
    /// tables a window at a time, and `report` is told.
    pub(crate) fn load(connection: &Connection, report: &mut dyn FnMut(Progress)) -> rusqlite::Result<Self> {
        Self::load_by(connection, &CATCH_UP, report)
    }

    fn load_by(
        connection: &Connection,
        catch_up: &CatchUp,
        report: &mut dyn FnMut(Progress),
    ) -> rusqlite::Result<Self> {
        let last_seq = schema::last_seq(connection)?;
        let tree = Tree::load(connection, Shape::new(keys::FILTERED))?;
        let in_memory = InMemory {
            keys: Arc::clone(tree.memory()),
            hourly: Arc::new(RwLock::new(Counts::load(connection)?)),
            streams: Arc::new(RwLock::new(Counts::load(connection)?)),
        };
        // Keys by event time that the runs lack are written before the file is one of the new version.
        let timed_to = migrate::timed_to(connection)?;
        let untimed_to = if timed_to < tree.complete_to() { tree.complete_to().min(last_seq) } else { 0 };
        let mut indexes = Self { tree, in_memory, last_seq };
        let mut from = [
            indexes.tree.complete_to(),
            indexes.in_memory.hourly().complete_to(),
            indexes.in_memory.streams().complete_to(),
            timed_to,
        ]
        .into_iter()
        .fold(i64::MAX, i64::min);
        let mut windows = 0_usize;
        while last_seq - from > catch_up.memory || from < untimed_to {
            if windows.is_multiple_of(catch_up.report) {
                report(Progress { indexed: from.unsigned_abs(), records: last_seq.unsigned_abs() });
            }
            let to = (from + catch_up.window).min(last_seq);
            indexes.read(connection, from, to, timed_to)?;
            indexes.write_all(connection, to)?;
            if timed_to < i64::MAX {
                migrate::note_times(connection, to)?;
            }
            from = to;
            windows += 1;
        }
        indexes.read(connection, from, last_seq, timed_to)?;
        Ok(indexes)
    }

    /// Writes all keys and counts into the tables, a few at a time. The window divides the number of records.
    #[cfg(test)]
    pub(crate) fn write_tables(connection: &Connection, window: i64) -> rusqlite::Result<()> {
        let at_once = CatchUp { memory: 0, window, report: usize::MAX };
        Self::load_by(connection, &at_once, &mut |_| ()).map(drop)
    }

    fn read(&mut self, connection: &Connection, from: i64, to: i64, timed_to: i64) -> rusqlite::Result<()> {
        let complete_to = self.tree.complete_to();
        let mut keys: Vec<Key> = Vec::new();
        let (mut hourly, mut streams) = (self.in_memory.hourly_mut(), self.in_memory.streams_mut());
        Occurrence::between(connection, from, to, |occurrence| {
            if occurrence.seq > complete_to {
                keys.extend(keys::of(&occurrence));
            } else if occurrence.seq > timed_to {
                keys.push(keys::by_time(&occurrence));
            }
            hourly.add(&occurrence);
            streams.add(&occurrence);
        })?;
        drop((hourly, streams));
        self.tree.committed(keys.into_iter(), to);
        Ok(())
    }

    // Each transaction leaves something valid, so after a crash the rest is done.
    fn write_all(&mut self, connection: &Connection, last_seq: i64) -> rusqlite::Result<()> {
        self.tree.freeze();
        while self.tree.is_busy() {
            let transaction = connection.unchecked_transaction()?;
            self.tree.work(connection, CATCH_UP_KEYS)?;
            transaction.commit()?;
            self.tree.committed(std::iter::empty(), 0);
        }
        write_counts(connection, &mut self.in_memory.hourly_mut(), last_seq)?;
        write_counts(connection, &mut self.in_memory.streams_mut(), last_seq)?;
        // There is no thread yet that keeps the write-ahead log short.
        checkpoint::all(connection, "RESTART").map(drop)
    }

    /// What is in no table yet, for readers.
    pub(crate) fn in_memory(&self) -> &InMemory {
        &self.in_memory
    }

    /// The last occurrence there is.
    pub(crate) fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// How many runs the keys are in.
    pub(crate) fn runs(&self) -> usize {
        self.tree.runs()
    }

    /// Where first occurrences are whose ids start like that.
    pub(crate) fn find(&mut self, connection: &Connection, id_prefix: i64) -> rusqlite::Result<Vec<i64>> {
        let keys = self.tree.find(connection, &keys::BY_ID.prefix(&[id_prefix]))?;
        Ok(keys.iter().map(|key| keys::BY_ID.numbers(key)[1]).collect())
    }

    /// Within the transaction that adds these occurrences: writes what is due because of them.
    pub(crate) fn write(&mut self, connection: &Connection, added: &[Occurrence]) -> rusqlite::Result<()> {
        self.tree.step(connection, added.len() * keys::MOST)?;
        self.in_memory.hourly_mut().begin(BUSY, self.last_seq);
        self.in_memory.hourly().write(connection)?;
        self.in_memory.streams_mut().begin(BUSY, self.last_seq);
        self.in_memory.streams().write(connection)
    }

    /// Whether there is something to write although nothing comes.
    pub(crate) fn is_busy(&self) -> bool {
        self.tree.is_busy()
    }

    /// Within a transaction that adds nothing: writes a part of what is due.
    pub(crate) fn work(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.tree.work(connection, IDLE_KEYS)
    }

    /// The transaction is through.
    pub(crate) fn committed(&mut self, added: &[Occurrence]) {
        self.last_seq = added.iter().map(|at| at.seq).fold(self.last_seq, i64::max);
        self.tree.committed(added.iter().flat_map(keys::of), self.last_seq);
        let (mut hourly, mut streams) = (self.in_memory.hourly_mut(), self.in_memory.streams_mut());
        hourly.committed();
        streams.committed();
        for occurrence in added {
            hourly.add(occurrence);
            streams.add(occurrence);
        }
    }

    /// The transaction is lost.
    pub(crate) fn abandoned(&mut self) {
        self.tree.abandoned();
        self.in_memory.hourly_mut().abandoned();
        self.in_memory.streams_mut().abandoned();
    }
}

fn write_counts<T: Table>(connection: &Connection, counts: &mut Counts<T>, last_seq: i64) -> rusqlite::Result<()> {
    while counts.begin(ALL, last_seq) {
        let transaction = connection.unchecked_transaction()?;
        counts.write(connection)?;
        transaction.commit()?;
        counts.committed();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pik_core::{Event, IngestTime, Receipt, Submission};

    use super::*;
    use crate::db::rows;
    use crate::index::occurrence::Kind;
    use crate::index::tree::Snapshot;

    const RECORDS: i64 = 2_500;
    const SMALL: CatchUp = CatchUp { memory: 300, window: 100, report: 1 };

    /// A file with rows alone, every third of them a duplicate.
    fn filled(connection: &Connection) {
        connection.execute_batch("BEGIN; INSERT INTO stream VALUES (1, 'demo', 'heartbeat')").unwrap();
        let mut insert_event = connection.prepare(rows::INSERT_EVENT).unwrap();
        let mut insert_duplicate = connection.prepare(rows::INSERT_DUPLICATE).unwrap();
        for seq in 1..=RECORDS {
            let body = format!(
                r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_{}","event_time":"2025-12-28T{:02}:00:00Z","payload":{seq}}}"#,
                seq % 7,
                seq % 24
            );
            let event = Event::parse(body.as_bytes()).unwrap();
            let ingest_time = IngestTime::from_unix_ms(1_767_000_000_000 + seq).unwrap();
            let submission = Submission::new(&event, ingest_time, Receipt::new("test", seq.unsigned_abs(), 0));
            if seq % 3 == 0 {
                rows::insert_duplicate(&mut insert_duplicate, seq, seq - 1, &submission).unwrap();
            } else {
                rows::insert_event(&mut insert_event, seq, 1, &submission).unwrap();
            }
        }
        drop((insert_event, insert_duplicate));
        connection.execute_batch("COMMIT").unwrap();
    }

    fn all_keys(connection: &Connection, indexes: &Indexes) -> BTreeSet<Key> {
        let view = indexes.in_memory().keys.view();
        let _transaction = connection.unchecked_transaction().unwrap();
        let snapshot = Snapshot::new(connection, view).unwrap();
        snapshot.range(&Key::FIRST, &Key::new(&[0xff]), usize::MAX).unwrap().into_iter().collect()
    }

    fn expected(connection: &Connection) -> BTreeSet<Key> {
        let mut expected = BTreeSet::new();
        Occurrence::between(connection, 0, RECORDS, |at| expected.extend(keys::of(&at))).unwrap();
        expected
    }

    /// How many are counted by hour, and by stream.
    fn counted(connection: &Connection, indexes: &Indexes) -> (u64, u64) {
        let waiting = indexes.in_memory().hourly().waiting(|_| true);
        let hours = waiting.with(Hours::rows(connection, &(i64::MIN..=i64::MAX)).unwrap());
        let waiting = indexes.in_memory().streams().waiting(|_| true);
        let streams = waiting.with(Streams::rows(connection, &(i64::MIN..=i64::MAX)).unwrap());
        (
            hours.iter().map(|(_, tally)| tally.lags.count() + tally.duplicate).sum(),
            streams.iter().map(|(_, tally)| tally.accepted + tally.duplicate).sum(),
        )
    }

    #[test]
    fn tables_catch_up_with_the_rows_however_often_they_are_interrupted() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        filled(&connection);
        let mut reports = Vec::new();
        // The process dies after each third window.
        loop {
            let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut windows = 0;
                let load = Indexes::load_by(&connection, &SMALL, &mut |progress| {
                    windows += 1;
                    reports.push(progress);
                    assert!(windows <= 3, "the process dies");
                });
                drop(load.unwrap());
            }));
            if died.is_ok() {
                break;
            }
        }
        let far: Vec<u64> = reports.iter().map(|progress| progress.indexed).collect();
        assert!(far.is_sorted() && far.len() > 20, "{far:?}");
        let indexes = Indexes::load_by(&connection, &SMALL, &mut |_| panic!("it is complete")).unwrap();
        assert_eq!(all_keys(&connection, &indexes), expected(&connection));
        assert_eq!(counted(&connection, &indexes), (RECORDS.unsigned_abs(), RECORDS.unsigned_abs()));
    }

    /// Builds the index as version 4 did, without keys by event time.
    fn index_of_version_4(connection: &Connection) {
        let mut tree = Tree::load(connection, Shape::new(keys::FILTERED)).unwrap();
        let mut old = Vec::new();
        Occurrence::between(connection, 0, RECORDS, |at| {
            let by_time = keys::by_time(&at);
            old.extend(keys::of(&at).filter(|key| *key != by_time));
        })
        .unwrap();
        tree.committed(old.into_iter(), RECORDS);
        tree.freeze();
        while tree.is_busy() {
            let transaction = connection.unchecked_transaction().unwrap();
            tree.work(connection, 100).unwrap();
            transaction.commit().unwrap();
            tree.committed(std::iter::empty(), 0);
        }
        assert_eq!(tree.complete_to(), RECORDS);
        connection.execute_batch("PRAGMA user_version = 4").unwrap();
    }

    #[test]
    fn keys_by_event_time_are_added_to_an_older_index_however_often_that_is_interrupted() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        filled(&connection);
        index_of_version_4(&connection);
        let mut deaths = 0;
        loop {
            let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut windows = 0;
                let load = Indexes::load_by(&connection, &SMALL, &mut |_| {
                    windows += 1;
                    assert!(windows <= 4, "the process dies");
                });
                drop(load.unwrap());
            }));
            match died {
                Ok(()) => break,
                Err(_) => deaths += 1,
            }
        }
        assert!(deaths >= 5, "it was interrupted {deaths} times");
        migrate::finish(&connection).unwrap();
        assert_eq!(migrate::timed_to(&connection).unwrap(), i64::MAX);
        // Nothing of it was in memory alone.
        let indexes = Indexes::load_by(&connection, &SMALL, &mut |_| panic!("it is complete")).unwrap();
        assert_eq!(all_keys(&connection, &indexes), expected(&connection));
        assert_eq!(counted(&connection, &indexes), (RECORDS.unsigned_abs(), RECORDS.unsigned_abs()));
    }

    #[test]
    fn dropped_indexes_are_made_again() {
        let folder = tempfile::TempDir::new().unwrap();
        let connection = schema::open_writer(&folder.path().join("pik.sqlite")).unwrap();
        filled(&connection);
        drop(Indexes::load_by(&connection, &SMALL, &mut |_| ()).unwrap());
        migrate::drop_indexes(&connection).unwrap();
        let count = |table: &str| -> i64 {
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!((count("index_block"), count("hourly"), count("stream_count"), count("event")), (0, 0, 0, 1_667));
        let mut indexes = Indexes::load_by(&connection, &SMALL, &mut |_| ()).unwrap();
        assert_eq!(all_keys(&connection, &indexes), expected(&connection));
        assert_eq!(counted(&connection, &indexes), (RECORDS.unsigned_abs(), RECORDS.unsigned_abs()));
        let mut firsts = Vec::new();
        Occurrence::between(&connection, 0, RECORDS, |at| firsts.extend((at.kind == Kind::First).then_some(at)))
            .unwrap();
        for at in firsts {
            assert!(indexes.find(&connection, at.id_prefix).unwrap().contains(&at.seq));
        }
    }
}
