//! The one thread that writes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use pik_core::{Answer, EventId, IngestTime, Outcome, RawKey, StoreError, Submission};
use rusqlite::{Connection, OptionalExtension, Statement};

use crate::db::checkpoint::{Log, Turn};
use crate::db::{rows, run, sql};
use crate::error::store_error;
use crate::health::Health;
use crate::index::indexes::Indexes;
use crate::index::known::{Known, Stored};
use crate::index::occurrence::{Kind, Occurrence, id_prefix};
use crate::index::settle::{self, Settling};
use crate::index::sweep::Pace;
use crate::queue::{CloseOnDrop, Linger, Queue, Taken};

/// What a submission comes to.
pub(crate) type Outcomes = Vec<Result<Answer, StoreError>>;

/// The most events of a group: more would not make a commit much cheaper, only later.
const GROUP: usize = 4096;
/// How many keys are collected under load. The more, the fewer pages are written; the more memory is taken, too, and
/// the more is read at the start after a crash.
const BUSY: Pace = Pace { collect: 65_536, slice: 512 };
/// With nothing else to do, everything moves, in steps short enough not to keep an ingest waiting.
const IDLE: Pace = Pace { collect: 0, slice: 512 };
const IDLE_AFTER: Duration = Duration::from_millis(20);
/// After a commit that failed, how long to wait for an event before trying whether commits succeed again.
const PROBE_AFTER: Duration = Duration::from_secs(1);
/// How many (source, event_type) pairs are remembered. Clients choose them, so there is a limit.
const STREAMS: usize = 8192;

/// One entry of the writer's queue.
pub(crate) enum Job {
    One(Box<Submission>, oneshot::Sender<Result<Answer, StoreError>>),
    Batch(Vec<Submission>, oneshot::Sender<Outcomes>),
}

impl Job {
    fn submissions(&self) -> &[Submission] {
        match self {
            Self::One(submission, _) => std::slice::from_ref(submission),
            Self::Batch(submissions, _) => submissions,
        }
    }

    // Who gave up waiting is not told: what is committed stays so.
    fn answer(self, mut effects: impl Iterator<Item = Result<Effect, StoreError>>) {
        match self {
            Self::One(submission, reply) => {
                if let Some(effect) = effects.next() {
                    let _ = reply.send(effect.map(|effect| effect.answer(&submission)));
                }
            }
            Self::Batch(submissions, reply) => {
                let outcomes = submissions.into_iter().zip(effects);
                let _ = reply.send(
                    outcomes.map(|(submission, effect)| effect.map(|effect| effect.answer(&submission))).collect(),
                );
            }
        }
    }
}

/// Where a first occurrence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    seq: i64,
    ingest_time: IngestTime,
}

/// What a submission did to the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Stored,
    Repeated { first: First },
}

impl Effect {
    fn answer(self, submission: &Submission) -> Answer {
        match self {
            Self::Stored => submission.accepted(),
            Self::Repeated { first } => Answer {
                event_id: submission.event_id,
                status: Outcome::Duplicate,
                ingest_lag_ms: submission.ingest_lag_ms,
                raw_key: RawKey::of(
                    &submission.source,
                    &submission.event_type,
                    &submission.event_time,
                    first.ingest_time,
                    &submission.event_id,
                ),
            },
        }
    }
}

type Effects = Vec<Result<Effect, StoreError>>;

/// Takes groups from the queue until it is closed and empty.
pub(crate) fn run(
    connection: &Connection,
    indexes: &RwLock<Indexes>,
    stored: Arc<Stored>,
    log: &Log,
    health: &Health,
    queue: &Queue<Job>,
) -> rusqlite::Result<()> {
    let _guard = CloseOnDrop(queue);
    let mut turn = Turn::new(log, health);
    let mut writer = Writer::new(connection, indexes, stored, health)?;
    let mut group = Vec::new();
    let mut patience = None;
    let mut linger = Linger::default();
    loop {
        if health.is_failing() {
            patience = Some(PROBE_AFTER);
        }
        match queue.take(GROUP, patience, linger, &mut group) {
            Taken::Some => {
                let start = Instant::now();
                let effects = writer.commit(&group, BUSY);
                let count = effects.len();
                let mut effects = effects.into_iter();
                for job in group.drain(..) {
                    let count = job.submissions().len();
                    job.answer(effects.by_ref().take(count));
                }
                // Clients that wait for their answers come back together. Who commits the first few of them at once
                // lets all others wait for another commit.
                linger = Linger { items: count * 3 / 4, at_most: start.elapsed() / 2 };
                patience = Some(IDLE_AFTER);
            }
            Taken::Nothing if health.is_failing() => {
                writer.probe();
                patience = Some(IDLE_AFTER);
            }
            Taken::Nothing => patience = writer.tidy().then_some(Duration::ZERO),
            Taken::Closed => break,
        }
        turn.after_commit(connection);
    }
    while writer.tidy() {}
    Ok(())
}

struct Writer<'c> {
    connection: &'c Connection,
    indexes: &'c RwLock<Indexes>,
    health: &'c Health,
    begin: Statement<'c>,
    commit: Statement<'c>,
    insert_event: Statement<'c>,
    insert_duplicate: Statement<'c>,
    candidates: Statement<'c>,
    whole_id: Statement<'c>,
    streams: HashMap<String, i64>,
    name: String,
    // The occurrences of the transaction that is open.
    added: Vec<Occurrence>,
    added_ids: HashMap<EventId, First, foldhash::fast::RandomState>,
    known: Known,
    settling: [Settling; 3],
    next_seq: i64,
}

impl<'c> Writer<'c> {
    fn new(
        connection: &'c Connection,
        indexes: &'c RwLock<Indexes>,
        stored: Arc<Stored>,
        health: &'c Health,
    ) -> rusqlite::Result<Self> {
        let mut known = Known::new(stored);
        let last_seq = {
            let indexes = read(indexes);
            indexes.recent_ids().for_each(|id_prefix| known.insert(id_prefix));
            indexes.last_seq()
        };
        Ok(Self {
            connection,
            indexes,
            health,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            insert_event: connection.prepare(rows::INSERT_EVENT)?,
            insert_duplicate: connection.prepare(rows::INSERT_DUPLICATE)?,
            candidates: connection.prepare(sql::BY_ID)?,
            whole_id: connection.prepare("SELECT event_id, ingest_ms FROM event WHERE seq = ?1")?,
            streams: HashMap::new(),
            name: String::new(),
            added: Vec::new(),
            added_ids: HashMap::default(),
            known,
            settling: [
                Settling::load(connection, settle::BY_ID)?,
                Settling::load(connection, settle::BY_ENTITY)?,
                Settling::load(connection, settle::BY_LAG)?,
            ],
            next_seq: last_seq + 1,
        })
    }

    /// Moves some keys into the index tables; false when there was nothing left to move.
    fn tidy(&mut self) -> bool {
        // After a failure the keys go on waiting, and the store says that it is not ready.
        write(self.indexes).begin(IDLE) && {
            let committed = self.commit_begun(&[]);
            self.health.judge(committed, self.next_seq - 1).is_ok()
        }
    }

    /// Tries a commit that nobody asked for, so that the store is ready again once commits succeed. Clients may have
    /// stopped sending events to a store that is not.
    fn probe(&mut self) {
        let committed = run::probe(self.connection);
        // The failure is the one that is known already, or the newest.
        let _ = self.health.judge(committed, self.next_seq - 1);
    }

    /// One transaction, one fsync. Nobody is answered before it is through, and if it fails nobody is told OK.
    fn commit(&mut self, group: &[Job], pace: Pace) -> Effects {
        write(self.indexes).begin(pace);
        let committed = self.commit_begun(group);
        self.health.judge(committed, self.next_seq - 1).unwrap_or_else(|error| {
            let count = group.iter().map(|job| job.submissions().len()).sum();
            vec![Err(error); count]
        })
    }

    fn commit_begun(&mut self, group: &[Job]) -> rusqlite::Result<Effects> {
        let first_seq = self.next_seq;
        let result = self.transaction(group);
        let mut indexes = write(self.indexes);
        match result {
            Ok(effects) => {
                indexes.committed();
                self.settling.iter_mut().for_each(Settling::committed);
                for occurrence in self.added.drain(..) {
                    indexes.add(&occurrence);
                }
                self.added_ids.clear();
                Ok(effects)
            }
            Err(error) => {
                indexes.abandoned();
                self.settling.iter_mut().for_each(Settling::abandoned);
                self.added.clear();
                self.added_ids.clear();
                self.next_seq = first_seq;
                // Names interned by the lost transaction are gone with it.
                self.streams.clear();
                if !self.connection.is_autocommit() {
                    // If even this fails, the next BEGIN does too, and says so to whoever waits then.
                    let _ = self.connection.execute_batch("ROLLBACK");
                }
                Err(error)
            }
        }
    }

    fn transaction(&mut self, group: &[Job]) -> rusqlite::Result<Effects> {
        self.begin.execute([])?;
        let indexes = read(self.indexes);
        let mut effects = Effects::new();
        for submission in group.iter().flat_map(Job::submissions) {
            match self.ingest(&indexes, submission) {
                Ok(effect) => effects.push(Ok(effect)),
                // A failed statement undoes itself. What a whole transaction cannot survive, SQLite has rolled back.
                Err(error) if !self.connection.is_autocommit() => effects.push(Err(store_error(&error))),
                Err(error) => return Err(error),
            }
        }
        indexes.write(self.connection)?;
        for (settling, come) in self.settling.iter_mut().zip(indexes.slices()) {
            settling.write(self.connection, come)?;
        }
        self.commit.execute([])?;
        Ok(effects)
    }

    fn ingest(&mut self, indexes: &Indexes, submission: &Submission) -> rusqlite::Result<Effect> {
        let stream = self.stream(submission)?;
        let id_prefix = id_prefix(&submission.event_id);
        let found = self.find(indexes, &submission.event_id, id_prefix)?;
        let seq = self.next_seq;
        let (kind, effect) = match found {
            None => {
                rows::insert_event(&mut self.insert_event, seq, stream, submission)?;
                self.known.insert(id_prefix);
                self.added_ids.insert(submission.event_id, First { seq, ingest_time: submission.ingest_time });
                (Kind::First, Effect::Stored)
            }
            Some(first) => {
                rows::insert_duplicate(&mut self.insert_duplicate, seq, first.seq, submission)?;
                (Kind::Later { first: first.seq }, Effect::Repeated { first })
            }
        };
        self.added.push(Occurrence::new(seq, kind, stream, submission));
        self.next_seq = seq + 1;
        Ok(effect)
    }

    fn find(&mut self, indexes: &Indexes, id: &EventId, id_prefix: i64) -> rusqlite::Result<Option<First>> {
        if self.known.lacks(id_prefix) {
            return Ok(None);
        }
        if let Some(first) = self.added_ids.get(id) {
            return Ok(Some(*first));
        }
        for seq in indexes.recent(id_prefix) {
            if let Some(first) = same(&mut self.whole_id, seq, id)? {
                return Ok(Some(first));
            }
        }
        let mut candidates = self.candidates.query([id_prefix])?;
        while let Some(row) = candidates.next()? {
            if let Some(first) = same(&mut self.whole_id, row.get(0)?, id)? {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }

    fn stream(&mut self, submission: &Submission) -> rusqlite::Result<i64> {
        self.name.clear();
        self.name.push_str(&submission.source);
        // NUL is forbidden in both, so it keeps them apart.
        self.name.push('\0');
        self.name.push_str(&submission.event_type);
        if let Some(stream) = self.streams.get(&self.name) {
            return Ok(*stream);
        }
        let pair = [&submission.source, &submission.event_type];
        let known = self
            .connection
            .prepare_cached("SELECT stream FROM stream WHERE source = ?1 AND event_type = ?2")?
            .query_row(pair, |row| row.get(0))
            .optional()?;
        let stream = match known {
            Some(stream) => stream,
            None => self
                .connection
                .prepare_cached("INSERT INTO stream (source, event_type) VALUES (?1, ?2) RETURNING stream")?
                .query_row(pair, |row| row.get(0))?,
        };
        if self.streams.len() == STREAMS {
            self.streams.clear();
        }
        self.streams.insert(self.name.clone(), stream);
        Ok(stream)
    }
}

// The start of an id only leads to rows; the whole id decides. Never are two events taken for one.
fn same(whole_id: &mut Statement<'_>, seq: i64, id: &EventId) -> rusqlite::Result<Option<First>> {
    let (whole, ingest_time) =
        whole_id.query_row([seq], |row| Ok((EventId::from_bytes(row.get(0)?), rows::read_ingest_time(row, 1)?)))?;
    Ok((whole == *id).then_some(First { seq, ingest_time }))
}

// What the indexes hold is only ever what a commit left, so a panic of another thread cannot have spoiled it.
fn read(indexes: &RwLock<Indexes>) -> RwLockReadGuard<'_, Indexes> {
    indexes.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(indexes: &RwLock<Indexes>) -> RwLockWriteGuard<'_, Indexes> {
    indexes.write().unwrap_or_else(PoisonError::into_inner)
}
