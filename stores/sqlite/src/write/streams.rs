//! The numbers that stand for a source and a type.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::db::rows;

/// How many are remembered. Clients choose them, so there is a limit.
const MOST: usize = 8192;

/// Numbers that were looked up before.
#[derive(Default)]
pub(super) struct Streams {
    numbers: HashMap<String, i64, foldhash::fast::RandomState>,
    name: String,
}

impl Streams {
    /// The number of a source and type; within a transaction, which adds one if there is none.
    pub(super) fn number(&mut self, connection: &Connection, source: &str, event_type: &str) -> rusqlite::Result<i64> {
        self.name.clear();
        self.name.push_str(source);
        // NUL is forbidden in both, so it keeps them apart.
        self.name.push('\0');
        self.name.push_str(event_type);
        if let Some(number) = self.numbers.get(&self.name) {
            return Ok(*number);
        }
        let number = match rows::stream(connection, source, event_type)? {
            Some(number) => number,
            None => connection
                .prepare_cached("INSERT INTO stream (source, event_type) VALUES (?1, ?2) RETURNING stream")?
                .query_row([source, event_type], |row| row.get(0))?,
        };
        if self.numbers.len() == MOST {
            self.numbers.clear();
        }
        self.numbers.insert(self.name.clone(), number);
        Ok(number)
    }

    /// Forgets all: some may have been added by a transaction that is lost.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
    }
}
