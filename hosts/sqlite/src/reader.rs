//! The threads that read, each on its own connection, beside the writer.

use pik_core::{EventId, Record};
use rusqlite::Connection;

use crate::index;
use crate::queue::Queue;
use crate::rows;

/// A question on its way to a reader; it carries its own way back.
pub(crate) type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Answers questions until the queue is closed and empty.
pub(crate) fn run(connection: &Connection, queue: &Queue<Question>) {
    let mut questions = Vec::new();
    while queue.take(1, &mut questions) {
        for question in questions.drain(..) {
            question(connection);
        }
    }
}

/// Where the first occurrence of an event is.
fn seq_of(connection: &Connection, id: &EventId) -> rusqlite::Result<Option<i64>> {
    for seq in index::candidates(connection, id)? {
        if rows::record(connection, seq)?.is_some_and(|record| record.event_id == *id) {
            return Ok(Some(seq));
        }
    }
    Ok(None)
}

/// The record of the first occurrence.
pub(crate) fn find(connection: &Connection, id: &EventId) -> rusqlite::Result<Option<Record>> {
    match seq_of(connection, id)? {
        Some(seq) => rows::record(connection, seq),
        None => Ok(None),
    }
}

/// The raw object of an event.
pub(crate) fn raw(connection: &Connection, id: &EventId) -> rusqlite::Result<Option<Vec<u8>>> {
    match seq_of(connection, id)? {
        Some(seq) => rows::raw(connection, seq),
        None => Ok(None),
    }
}
