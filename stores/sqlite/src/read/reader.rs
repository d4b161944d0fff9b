//! The threads that read, each on its own connection, beside the writer.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use pik_core::{EventId, Record};
use rusqlite::Connection;

use crate::db::{rows, sql};
use crate::index::indexes::Indexes;
use crate::index::occurrence::id_prefix;
use crate::queue::{Linger, Queue, Taken};

/// A question on its way to a reader; it carries its own way back.
pub(crate) type Question = Box<dyn FnOnce(&Reader) + Send>;

/// Answers questions until the queue is closed and empty.
pub(crate) fn run(reader: &Reader, queue: &Queue<Question>) {
    let mut questions = Vec::new();
    while queue.take(1, None, Linger::default(), &mut questions) != Taken::Closed {
        for question in questions.drain(..) {
            question(reader);
        }
    }
}

/// A connection, and the keys that are not in its tables yet.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) indexes: Arc<RwLock<Indexes>>,
}

impl Reader {
    /// The record of the first occurrence.
    pub(crate) fn find(&self, id: &EventId) -> rusqlite::Result<Option<Record>> {
        for seq in self.candidates(id)? {
            if let Some(record) = rows::record(&self.connection, seq)?
                && record.event_id == *id
            {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The raw object of an event.
    pub(crate) fn raw(&self, id: &EventId) -> rusqlite::Result<Option<Bytes>> {
        for seq in self.candidates(id)? {
            if let Some(raw) = rows::raw(&self.connection, seq, id)? {
                return Ok(Some(raw));
            }
        }
        Ok(None)
    }

    // First what waits, then the table: a key that is moved in between is seen twice, the other way round it would
    // not be seen at all.
    pub(crate) fn candidates(&self, id: &EventId) -> rusqlite::Result<Vec<i64>> {
        let id_prefix = id_prefix(id);
        let mut candidates: Vec<i64> =
            self.indexes.read().unwrap_or_else(PoisonError::into_inner).recent(id_prefix).collect();
        let mut statement = self.connection.prepare_cached(sql::BY_ID)?;
        for seq in statement.query_map([id_prefix], |row| row.get(0))? {
            candidates.push(seq?);
        }
        Ok(candidates)
    }
}
