//! What happened in each hour or day: a row an hour, and what waits to be added to it.

use pik_core::{Bucket, EventTime, StatsQuery, Tally};

use crate::db::rows;
use crate::index::counts::Table;
use crate::index::hours::{Hours, hour_key, hour_start};
use crate::read::reader::Reader;

impl Reader {
    /// The buckets of a query.
    pub(crate) fn stats(&self, query: &StatsQuery) -> rusqlite::Result<Vec<Bucket>> {
        let mut tallies = vec![Tally::default(); query.buckets()];
        if let Some(stream) = rows::stream(&self.connection, &query.source, &query.event_type)?
            && query.buckets() > 0
        {
            // The last bucket may end with the last hour there is.
            let last = EventTime::from_unix(query.end_seconds() - 1, 0).unwrap_or(query.start());
            let hours = hour_key(stream, &query.start())..=hour_key(stream, &last);
            // First what waits, then the table: what is moved in between is told by how far its row counts.
            let waiting = self.in_memory.hourly().waiting(|hour| hours.contains(&hour));
            for (hour, tally) in waiting.with(Hours::rows(&self.connection, &hours)?) {
                if let Some(place) = hour_start(hour).and_then(|start| query.place_of(&start)) {
                    tallies[place].merge(&tally);
                }
            }
        }
        Ok(query.answer(&tallies))
    }
}
