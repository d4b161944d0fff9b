//! The one thread that writes.

use std::collections::HashMap;

use futures_channel::oneshot;
use pik_core::{Answer, EventId, IngestTime, Outcome, RawKey, Record, StoreError, Submission};
use rusqlite::{Connection, OptionalExtension, Statement};

use crate::error::store_error;
use crate::index::{Indexes, Kind, id_prefix};
use crate::queue::{CloseOnDrop, Queue};
use crate::rows;

/// What a submission comes to.
pub(crate) type Outcomes = Vec<Result<Answer, StoreError>>;

/// The most events of a group: more would not make a commit much cheaper, only later.
const GROUP: usize = 4096;
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
    fn answer(self, outcomes: &mut impl Iterator<Item = Result<Answer, StoreError>>) {
        match self {
            Self::One(_, reply) => {
                if let Some(outcome) = outcomes.next() {
                    let _ = reply.send(outcome);
                }
            }
            Self::Batch(submissions, reply) => {
                let _ = reply.send(outcomes.take(submissions.len()).collect());
            }
        }
    }
}

/// Takes groups from the queue until it is closed and empty.
pub(crate) fn run(connection: &Connection, queue: &Queue<Job>) -> rusqlite::Result<()> {
    let _guard = CloseOnDrop(queue);
    let mut writer = Writer::new(connection)?;
    let mut group = Vec::new();
    while queue.take(GROUP, &mut group) {
        let mut outcomes = writer.commit(&group).into_iter();
        for job in group.drain(..) {
            job.answer(&mut outcomes);
        }
    }
    Ok(())
}

struct Found {
    seq: i64,
    ingest_time: IngestTime,
}

struct Writer<'c> {
    connection: &'c Connection,
    insert_event: Statement<'c>,
    insert_duplicate: Statement<'c>,
    candidates: Statement<'c>,
    whole_id: Statement<'c>,
    indexes: Indexes<'c>,
    streams: HashMap<String, i64>,
    next_seq: i64,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let last: i64 = connection.query_row(
            "SELECT max((SELECT ifnull(max(seq), 0) FROM event), (SELECT ifnull(max(seq), 0) FROM duplicate))",
            [],
            |row| row.get(0),
        )?;
        Ok(Self {
            connection,
            insert_event: connection.prepare(rows::INSERT_EVENT)?,
            insert_duplicate: connection.prepare(rows::INSERT_DUPLICATE)?,
            candidates: connection.prepare("SELECT seq FROM by_id WHERE id_prefix = ?1")?,
            whole_id: connection.prepare("SELECT event_id, ingest_ms FROM event WHERE seq = ?1")?,
            indexes: Indexes::new(connection)?,
            streams: HashMap::new(),
            next_seq: last + 1,
        })
    }

    /// One transaction, one fsync. Nobody is answered before it is through, and if it fails nobody is told OK.
    fn commit(&mut self, group: &[Job]) -> Outcomes {
        let first_seq = self.next_seq;
        self.transaction(group).unwrap_or_else(|error| {
            self.next_seq = first_seq;
            // Names interned by the lost transaction are gone with it.
            self.streams.clear();
            if !self.connection.is_autocommit() {
                // If even this fails, the next BEGIN does too, and says so to whoever waits then.
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            let count = group.iter().map(|job| job.submissions().len()).sum();
            vec![Err(store_error(&error)); count]
        })
    }

    fn transaction(&mut self, group: &[Job]) -> rusqlite::Result<Outcomes> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut outcomes = Outcomes::new();
        for submission in group.iter().flat_map(Job::submissions) {
            outcomes.push(Ok(self.ingest(submission)?));
        }
        self.connection.execute_batch("COMMIT")?;
        Ok(outcomes)
    }

    fn ingest(&mut self, submission: &Submission) -> rusqlite::Result<Answer> {
        let record = &submission.record;
        let stream = self.stream(record)?;
        let found = self.find(&record.event_id)?;
        let seq = self.next_seq;
        self.next_seq += 1;
        match found {
            None => {
                rows::insert_event(&mut self.insert_event, seq, stream, record, &submission.raw)?;
                self.indexes.insert(seq, Kind::First, stream, record)?;
                Ok(Answer::of(Outcome::Accepted, record))
            }
            Some(first) => {
                rows::insert_duplicate(&mut self.insert_duplicate, seq, first.seq, record)?;
                self.indexes.insert(seq, Kind::Later { first: first.seq }, stream, record)?;
                Ok(Answer {
                    event_id: record.event_id,
                    status: Outcome::Duplicate,
                    ingest_lag_ms: record.ingest_lag_ms,
                    raw_key: RawKey::of(
                        &record.source,
                        &record.event_type,
                        &record.event_time,
                        first.ingest_time,
                        &record.event_id,
                    ),
                })
            }
        }
    }

    // A prefix only leads to rows; the whole id decides. Never are two events taken for one.
    fn find(&mut self, id: &EventId) -> rusqlite::Result<Option<Found>> {
        let mut rows = self.candidates.query([id_prefix(id)])?;
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            let (whole, ingest_time) = self
                .whole_id
                .query_row([seq], |row| Ok((EventId::from_bytes(row.get(0)?), rows::read_ingest_time(row, 1)?)))?;
            if whole == *id {
                return Ok(Some(Found { seq, ingest_time }));
            }
        }
        Ok(None)
    }

    fn stream(&mut self, record: &Record) -> rusqlite::Result<i64> {
        // NUL is forbidden in both, so it keeps them apart.
        let name = format!("{}\0{}", record.source, record.event_type);
        if let Some(stream) = self.streams.get(&name) {
            return Ok(*stream);
        }
        let pair = [&record.source, &record.event_type];
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
        self.streams.insert(name, stream);
        Ok(stream)
    }
}
