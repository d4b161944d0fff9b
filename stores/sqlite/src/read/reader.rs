//! The threads that read, each on its own connection, beside the writer.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use bytes::Bytes;
use pik_core::{EventId, Record};
use rusqlite::Connection;

use crate::db::rows;
use crate::index::indexes::InMemory;
use crate::index::keys::{BY_ID, Layout};
use crate::index::occurrence::id_prefix;
use crate::index::tree::{Key, Snapshot};
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

/// A connection, and what is not in its tables yet.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) in_memory: InMemory,
}

impl Reader {
    /// Reads all that a question needs from the store as it is at one moment.
    pub(crate) fn at_once<T>(&self, read: impl FnOnce(&Moment<'_>) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let view = self.in_memory.keys.view();
        // The transaction only reads, so its end does not matter.
        let _transaction = self.connection.unchecked_transaction()?;
        let snapshot = Snapshot::new(&self.connection, view)?;
        read(&Moment { connection: &self.connection, snapshot })
    }

    /// The record of the first occurrence.
    pub(crate) fn find(&self, id: &EventId) -> rusqlite::Result<Option<Record>> {
        self.at_once(|moment| moment.find(id).map(|found| found.map(|(_, record)| record)))
    }

    /// The records of several first occurrences, in the order of their ids here.
    pub(crate) fn find_many(&self, ids: &[EventId]) -> rusqlite::Result<Vec<Option<Record>>> {
        self.at_once(|moment| moment.find_many(ids))
    }

    /// The raw object of an event.
    pub(crate) fn raw(&self, id: &EventId) -> rusqlite::Result<Option<Bytes>> {
        self.at_once(|moment| {
            for seq in moment.candidates(id)? {
                if let Some(raw) = rows::raw(moment.connection, seq, id)? {
                    return Ok(Some(raw));
                }
            }
            Ok(None)
        })
    }

    /// The raw objects of several events, in the order of their ids here.
    pub(crate) fn raw_many(&self, ids: &[EventId]) -> rusqlite::Result<Vec<Option<Bytes>>> {
        self.at_once(|moment| moment.raw_many(ids))
    }
}

/// The store at one moment.
pub(crate) struct Moment<'r> {
    pub(crate) connection: &'r Connection,
    snapshot: Snapshot<'r>,
}

impl Moment<'_> {
    /// The first `count` keys of a range, in order.
    pub(crate) fn keys<const N: usize>(
        &self,
        layout: &Layout<N>,
        range: RangeInclusive<[i64; N]>,
        count: usize,
    ) -> rusqlite::Result<Vec<[i64; N]>> {
        let keys = self.snapshot.range(&layout.key(range.start()), &layout.key(range.end()), count)?;
        Ok(keys.iter().map(|key| layout.numbers(key)).collect())
    }

    /// The last `count` keys of a range, from the last to the first.
    pub(crate) fn keys_back<const N: usize>(
        &self,
        layout: &Layout<N>,
        range: RangeInclusive<[i64; N]>,
        count: usize,
    ) -> rusqlite::Result<Vec<[i64; N]>> {
        let keys = self.snapshot.range_back(&layout.key(range.start()), &layout.key(range.end()), count)?;
        Ok(keys.iter().map(|key| layout.numbers(key)).collect())
    }

    /// Where first occurrences are whose ids start like this one.
    fn candidates(&self, id: &EventId) -> rusqlite::Result<Vec<i64>> {
        let id_prefix = id_prefix(id);
        let keys = self.keys(&BY_ID, [id_prefix, i64::MIN]..=[id_prefix, i64::MAX], usize::MAX)?;
        Ok(keys.into_iter().map(|[_, seq]| seq).collect())
    }

    /// The record of the first occurrence, and where it is.
    pub(crate) fn find(&self, id: &EventId) -> rusqlite::Result<Option<(i64, Record)>> {
        for seq in self.candidates(id)? {
            if let Some(record) = rows::record(self.connection, seq)?
                && record.event_id == *id
            {
                return Ok(Some((seq, record)));
            }
        }
        Ok(None)
    }

    /// Where first occurrences are whose ids start like one of these, with the start. By place, so that rows that lie beside
    /// each other are read together.
    fn candidates_of_many(&self, ids: &[EventId]) -> rusqlite::Result<Vec<[i64; 2]>> {
        let mut prefixes: Vec<Key> = ids.iter().map(|id| BY_ID.prefix(&[id_prefix(id)])).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let keys = self.snapshot.with_prefixes(&prefixes)?;
        let mut found: Vec<[i64; 2]> = keys.iter().map(|key| BY_ID.numbers(key)).collect();
        found.sort_unstable_by_key(|[_, seq]| *seq);
        found.dedup();
        Ok(found)
    }

    fn find_many(&self, ids: &[EventId]) -> rusqlite::Result<Vec<Option<Record>>> {
        let found = self.candidates_of_many(ids)?;
        let mut records: HashMap<EventId, Record> = HashMap::with_capacity(found.len());
        for [_, seq] in found {
            let record = rows::record(self.connection, seq)?;
            records.extend(record.map(|record| (record.event_id, record)));
        }
        Ok(ids.iter().map(|id| records.get(id).cloned()).collect())
    }

    fn raw_many(&self, ids: &[EventId]) -> rusqlite::Result<Vec<Option<Bytes>>> {
        let mut by_prefix: HashMap<i64, Vec<&EventId>> = HashMap::with_capacity(ids.len());
        for id in ids {
            by_prefix.entry(id_prefix(id)).or_default().push(id);
        }
        let mut raws: HashMap<&EventId, Bytes> = HashMap::with_capacity(ids.len());
        for [prefix, seq] in self.candidates_of_many(ids)? {
            for id in by_prefix.get(&prefix).into_iter().flatten() {
                let raw = rows::raw(self.connection, seq, id)?;
                raws.extend(raw.map(|raw| (*id, raw)));
            }
        }
        Ok(ids.iter().map(|id| raws.get(id).cloned()).collect())
    }
}
