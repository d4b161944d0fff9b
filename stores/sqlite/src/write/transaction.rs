//! One transaction of the writer: it owns what is pending until it is committed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use pik_core::{Answer, EventId, IngestTime, Outcome, RawKey, StoreError, Submission};
use rusqlite::{Connection, Statement};

use crate::db::rows;
use crate::error::store_error;
use crate::index::indexes::Indexes;
use crate::index::occurrence::{Kind, Occurrence, id_prefix};
use crate::meters::Meters;
use crate::write::evidence::Keeper;
use crate::write::streams::Streams;
use crate::write::watermark::Watermark;

/// What outlives a transaction.
pub(super) struct State<'c> {
    connection: &'c Connection,
    begin: Statement<'c>,
    commit: Statement<'c>,
    insert_event: Statement<'c>,
    insert_duplicate: Statement<'c>,
    whole_id: Statement<'c>,
    streams: Streams,
    indexes: Indexes,
    meters: Arc<Meters>,
    // Kept for their memory; empty between two transactions.
    added: Vec<Occurrence>,
    firsts: HashMap<EventId, First, foldhash::fast::RandomState>,
}

/// Where a first occurrence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    seq: i64,
    ingest_time: IngestTime,
}

impl<'c> State<'c> {
    pub(super) fn new(connection: &'c Connection, indexes: Indexes, meters: Arc<Meters>) -> rusqlite::Result<Self> {
        meters.runs(indexes.runs());
        Ok(Self {
            connection,
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            insert_event: connection.prepare(rows::INSERT_EVENT)?,
            insert_duplicate: connection.prepare(rows::INSERT_DUPLICATE)?,
            whole_id: connection.prepare("SELECT event_id, ingest_ms FROM event WHERE seq = ?1")?,
            streams: Streams::default(),
            indexes,
            meters,
            added: Vec::new(),
            firsts: HashMap::default(),
        })
    }

    /// The last occurrence that was committed.
    pub(super) fn last_seq(&self) -> i64 {
        self.indexes.last_seq()
    }

    /// Whether a flush or merge of the index can go on while nothing comes.
    pub(super) fn is_busy(&self) -> bool {
        self.indexes.is_busy()
    }
}

/// A transaction. Dropped without [`Transaction::commit`] it is abandoned, and the state is as if it had never begun.
pub(super) struct Transaction<'s, 'c> {
    state: &'s mut State<'c>,
    begun: Instant,
    // Why SQLite has rolled it back.
    lost: Option<rusqlite::Error>,
    is_committed: bool,
}

impl<'s, 'c> Transaction<'s, 'c> {
    pub(super) fn begin(state: &'s mut State<'c>) -> rusqlite::Result<Self> {
        let begun = Instant::now();
        state.begin.execute([])?;
        Ok(Self { state, begun, lost: None, is_committed: false })
    }

    /// Stores one occurrence. The answer is true once the transaction is committed. After an error the transaction is still
    /// good: a failed statement undoes itself. If it is not, the commit says so.
    pub(super) fn ingest(&mut self, submission: &Submission) -> Result<Answer, StoreError> {
        self.attempt(|transaction| transaction.store(submission))
    }

    /// Keeps how far settled arrivals may be told, with the same care.
    pub(super) fn keep(&mut self, ceiling: IngestTime) -> Result<(), StoreError> {
        self.attempt(|transaction| Watermark::keep(transaction.state.connection, ceiling))
    }

    /// Writes some of the evidence that waits. Whether that works is nothing to those who wait for this transaction.
    pub(super) fn keep_evidence(&mut self, keeper: &mut Keeper, rows: usize) {
        let _ = self.attempt(|transaction| keeper.write(transaction.state.connection, rows));
    }

    fn attempt<T>(&mut self, write: impl FnOnce(&mut Self) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        if self.lost.is_some() {
            return Err(StoreError::Unavailable("the transaction was rolled back".to_owned()));
        }
        write(self).map_err(|error| {
            let told = store_error(&error);
            if self.state.connection.is_autocommit() {
                self.lost = Some(error);
            }
            told
        })
    }

    fn store(&mut self, submission: &Submission) -> rusqlite::Result<Answer> {
        let State { connection, insert_event, insert_duplicate, streams, indexes, added, firsts, .. } = self.state;
        let stream = streams.number(connection, &submission.source, &submission.event_type)?;
        // INVARIANT: seqs follow each other, for each occurrence takes one and nothing else does.
        let seq = indexes.last_seq() + 1 + added.len() as i64;
        let known = match firsts.get(&submission.event_id) {
            Some(first) => Some(*first),
            None => find(connection, indexes, &mut self.state.whole_id, &submission.event_id)?,
        };
        let (kind, answer) = match known {
            None => {
                rows::insert_event(insert_event, seq, stream, submission)?;
                firsts.insert(submission.event_id, First { seq, ingest_time: submission.ingest_time });
                (Kind::First, submission.accepted())
            }
            Some(first) => {
                rows::insert_duplicate(insert_duplicate, seq, first.seq, submission)?;
                (Kind::Later { first: first.seq }, duplicate(submission, first.ingest_time))
            }
        };
        added.push(Occurrence::new(seq, kind, stream, submission));
        Ok(answer)
    }

    /// Writes a part of what is due in the index, in a transaction that adds nothing.
    pub(super) fn work(&mut self) -> rusqlite::Result<()> {
        self.state.indexes.work(self.state.connection)
    }

    /// Makes everything durable, with one fsync.
    pub(super) fn commit(mut self) -> rusqlite::Result<()> {
        if let Some(error) = self.lost.take() {
            return Err(error);
        }
        let State { connection, commit, indexes, meters, added, .. } = self.state;
        indexes.write(connection, added)?;
        let syncing = Instant::now();
        commit.execute([])?;
        meters.committed(self.begun, syncing);
        self.is_committed = true;
        Ok(())
    }
}

impl Drop for Transaction<'_, '_> {
    fn drop(&mut self) {
        let State { connection, streams, indexes, meters, added, firsts, .. } = self.state;
        if self.is_committed {
            indexes.committed(added);
            meters.runs(indexes.runs());
        } else {
            if !connection.is_autocommit() {
                // If even this fails, the next BEGIN does too, and the clients that wait then are told.
                let _ = connection.execute_batch("ROLLBACK");
            }
            indexes.abandoned();
            streams.forget();
        }
        added.clear();
        firsts.clear();
    }
}

// The start of an id only leads to rows; the whole id decides. Never are two events taken for one.
fn find(
    connection: &Connection,
    indexes: &mut Indexes,
    whole_id: &mut Statement<'_>,
    id: &EventId,
) -> rusqlite::Result<Option<First>> {
    for seq in indexes.find(connection, id_prefix(id))? {
        let (whole, ingest_time) =
            whole_id.query_row([seq], |row| Ok((EventId::from_bytes(row.get(0)?), rows::read_ingest_time(row, 1)?)))?;
        if whole == *id {
            return Ok(Some(First { seq, ingest_time }));
        }
    }
    Ok(None)
}

fn duplicate(submission: &Submission, first: IngestTime) -> Answer {
    let Submission { event_id, source, event_type, event_time, ingest_lag_ms, .. } = submission;
    Answer {
        event_id: *event_id,
        status: Outcome::Duplicate,
        ingest_lag_ms: *ingest_lag_ms,
        raw_key: RawKey::of(source, event_type, event_time, first, event_id),
    }
}
