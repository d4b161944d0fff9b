//! Which sources and types there are: a row for each, and what waits to be added to it.

use std::collections::HashMap;

use pik_core::{Page, Stream, StreamTally};

use crate::db::sql;
use crate::index::counts::Table;
use crate::index::streams::Streams;
use crate::read::reader::Reader;

/// Less than every name.
const NO_NAME: &str = "";

impl Reader {
    /// At most `limit` streams behind the one of these names.
    pub(crate) fn streams(&self, after: Option<(&str, &str)>, limit: usize) -> rusqlite::Result<Page<Stream>> {
        let (source, event_type) = after.unwrap_or((NO_NAME, NO_NAME));
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut statement = self.connection.prepare_cached(sql::STREAMS)?;
        let found = statement.query_map((source, event_type, wanted), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut found: Vec<(i64, String, String)> = found.collect::<rusqlite::Result<_>>()?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = if more { found.last() } else { None };
        let next = last.map(|(_, source, event_type)| Stream::named(source, event_type).position());

        let mut tallies: HashMap<i64, StreamTally> =
            found.iter().map(|(number, ..)| (*number, StreamTally::default())).collect();
        // First what waits, then the table: what is moved in between is told by how far its row counts.
        let waiting = self.in_memory.streams().waiting(|number| tallies.contains_key(&number));
        let mut table = Vec::with_capacity(found.len());
        for (number, ..) in &found {
            table.extend(Streams::rows(&self.connection, &(*number..=*number))?);
        }
        for (number, tally) in waiting.with(table) {
            tallies.entry(number).or_default().merge(&tally);
        }
        // One of which nothing is counted has its first occurrence committed at this moment, and not answered yet.
        let named = |(number, source, event_type)| tallies.get(&number)?.stream(source, event_type);
        Ok(Page { items: found.into_iter().filter_map(named).collect(), next })
    }
}
