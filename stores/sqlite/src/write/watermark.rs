//! Until when arrivals are settled, exactly.
//!
//! The watermark is the latest time that an answer gave as settled. No window of arrivals that ends there or before may gain
//! a record. An ingest under way holds the watermark at or below its ingest time. An ingest with an older time, because a
//! clock stepped back or its body took long to read, is listed at the watermark instead.
//!
//! A restart must not forget the watermark, and a commit for each question would cost too much. So the database keeps a
//! ceiling [`AHEAD_MS`] above what was told, and the store begins there when it is opened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pik_core::{IngestTime, Submission};
use rusqlite::{Connection, OptionalExtension};

/// How far ahead the ceiling is moved, in milliseconds. Questions alone cause at most one commit in this time. After a
/// restart, the first events may be stamped this much later than the clock shows.
const AHEAD_MS: i64 = 1_000;

/// What was told of settled arrivals, and what is under way.
#[derive(Debug)]
pub(crate) struct Watermark(Mutex<State>);

#[derive(Debug)]
struct State {
    told: Option<IngestTime>,
    /// The watermark goes no further than what the database keeps.
    ceiling: Option<IngestTime>,
    /// How many jobs are under way whose earliest arrival this is.
    under_way: BTreeMap<IngestTime, usize>,
}

/// What a question about settled arrivals comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// They are settled until then.
    Until(IngestTime),
    /// The database must keep this ceiling first.
    After(IngestTime),
}

/// Ingests under way, until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    watermark: Arc<Watermark>,
    earliest: Option<IngestTime>,
}

impl Watermark {
    /// The watermark of a database that was opened.
    pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let ceiling = connection.query_row("SELECT max(until_ms) FROM settled", [], |row| row.get(0)).optional()?;
        Ok(Self::at(ceiling.flatten().and_then(IngestTime::from_unix_ms)))
    }

    fn at(ceiling: Option<IngestTime>) -> Self {
        Self(Mutex::new(State { told: ceiling, ceiling, under_way: BTreeMap::new() }))
    }

    /// Writes a ceiling, in the transaction that is open.
    pub(crate) fn keep(connection: &Connection, ceiling: IngestTime) -> rusqlite::Result<()> {
        connection.prepare_cached("DELETE FROM settled")?.execute([])?;
        connection.prepare_cached("INSERT INTO settled VALUES (?1)")?.execute([ceiling.unix_ms()])?;
        Ok(())
    }

    /// Takes ingests in, and moves those that come too late to the watermark.
    pub(crate) fn enter(self: &Arc<Self>, submissions: &mut [Submission]) -> UnderWay {
        let mut state = self.lock();
        if let Some(told) = state.told {
            submissions.iter_mut().filter(|late| late.ingest_time < told).for_each(|late| late.restamp(told));
        }
        let earliest = submissions.iter().map(|submission| submission.ingest_time).min();
        if let Some(earliest) = earliest {
            *state.under_way.entry(earliest).or_default() += 1;
        }
        UnderWay { watermark: Arc::clone(self), earliest }
    }

    /// Moves the watermark as far as it goes while the clock shows `now`.
    pub(crate) fn tell(&self, now: IngestTime) -> Told {
        let mut state = self.lock();
        let until = state.under_way.keys().next().map_or(now, |earliest| now.min(*earliest));
        match state.told {
            Some(told) if until <= told => Told::Until(told),
            _ if state.ceiling.is_some_and(|ceiling| until <= ceiling) => {
                state.told = Some(until);
                Told::Until(until)
            }
            _ => Told::After(IngestTime::from_unix_ms(until.unix_ms() + AHEAD_MS).unwrap_or(until)),
        }
    }

    /// The database keeps this ceiling now.
    pub(crate) fn kept(&self, ceiling: IngestTime) {
        let mut state = self.lock();
        state.ceiling = state.ceiling.max(Some(ceiling));
    }

    // Every change is one assignment, so a panic elsewhere leaves nothing half-done behind the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(earliest) = self.earliest else { return };
        let mut state = self.watermark.lock();
        let count = state.under_way.get_mut(&earliest).expect("an ingest under way is counted until it is dropped");
        *count -= 1;
        if *count == 0 {
            state.under_way.remove(&earliest);
        }
    }
}

#[cfg(test)]
mod tests {
    use pik_core::{Event, Receipt};

    use super::*;
    use crate::db::schema;

    fn at(ms: i64) -> IngestTime {
        IngestTime::from_unix_ms(ms).unwrap()
    }

    fn arriving(ms: i64) -> [Submission; 1] {
        let body =
            br#"{"source":"s","event_type":"t","entity_id":"e","event_time":"1970-01-01T00:00:00Z","payload":1}"#;
        [Submission::new(&Event::parse(body).unwrap(), at(ms), Receipt::new("r", 0, 0))]
    }

    #[test]
    fn ingests_under_way_hold_it_back_and_late_ones_arrive_at_it() {
        let watermark = Arc::new(Watermark::at(Some(at(0))));
        watermark.kept(at(1_000_000));
        let mut first = arriving(500);
        let under_way = watermark.enter(&mut first);
        let same = watermark.enter(&mut arriving(500));
        assert_eq!(watermark.tell(at(900)), Told::Until(at(500)));
        drop(under_way);
        assert_eq!(watermark.tell(at(900)), Told::Until(at(500)));
        drop(same);
        assert_eq!(watermark.tell(at(900)), Told::Until(at(900)));
        let mut late = arriving(899);
        let under_way = watermark.enter(&mut late);
        assert_eq!((late[0].ingest_time, late[0].ingest_lag_ms), (at(900), 900));
        assert_eq!(watermark.tell(at(5_000)), Told::Until(at(900)));
        drop(under_way);
        // The clock steps back; what was told stays true.
        assert_eq!(watermark.tell(at(100)), Told::Until(at(900)));
    }

    #[test]
    fn nothing_is_told_beyond_what_the_database_keeps() {
        let connection = schema::in_memory().unwrap();
        let watermark = Watermark::load(&connection).unwrap();
        assert_eq!(watermark.tell(at(5_000)), Told::After(at(6_000)));
        Watermark::keep(&connection, at(6_000)).unwrap();
        watermark.kept(at(6_000));
        assert_eq!(watermark.tell(at(5_000)), Told::Until(at(5_000)));
        assert_eq!(watermark.tell(at(6_000)), Told::Until(at(6_000)));
        assert_eq!(watermark.tell(at(6_001)), Told::After(at(7_001)));
        let reopened = Arc::new(Watermark::load(&connection).unwrap());
        let mut late = arriving(5_000);
        let _under_way = reopened.enter(&mut late);
        assert_eq!(late[0].ingest_time, at(6_000));
    }

    #[test]
    fn the_last_moment_there_is_can_be_told() {
        let last: IngestTime = "9999-12-31T23:59:59.999Z".parse().unwrap();
        let watermark = Watermark::at(None);
        assert_eq!(watermark.tell(last), Told::After(last));
        watermark.kept(last);
        assert_eq!(watermark.tell(last), Told::Until(last));
    }
}
