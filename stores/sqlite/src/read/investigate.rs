//! Answers to investigators.
//!
//! | question | how | cost |
//! |---|---|---|
//! | by entity, by lag, by arrival, by event time, duplicates of an event | a range of an index, then a row for each record | one index page for some hundred records, one row a record |
//! | a time range of a source or a type | the same range of all, of which a page goes through 50,000 keys at most | by event time some 100 ns for each key of another stream, by arrival a row |
//! | streams | a row of `stream` and one of `stream_count` for each | two rows a stream, however many events it counts |
//! | refused events | a range of an index of the records that are kept, of which there is a bounded number; counts by hour | a row for each |
//! | stats | a row of `hourly` for each hour | one row of one or two kilobytes an hour, however many events it counts |
//!
//! What is not in the tables yet is looked up in memory, so every answer has all occurrences that were answered before.
//! Where the order of a query leaves something open, `seq`, the order of commits, decides.

use pik_core::{
    Bucket, Evidence, Investigate, NotKept, Page, Position, Query, QueryError, Record, RejectedHour, RejectedHours,
    RejectedStream, RejectionPage, RejectionPlace, RejectionQuery, Rejections, StatsQuery, StoreError, Stream,
};

use crate::SqliteStore;
use crate::read::records::place_of;

impl Investigate for SqliteStore {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        let after = after.map(|position| place_of(query, position).ok_or(QueryError::Position)).transpose()?;
        let query = query.clone();
        Ok(self.ask(move |reader| reader.records(&query, after, limit.max(1))).await?)
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        let query = query.clone();
        self.ask(move |reader| reader.stats(&query)).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        let owned = |(source, event_type): (&str, &str)| (source.to_owned(), event_type.to_owned());
        let after =
            after.map(|position| Stream::names_of(position).map(owned).ok_or(QueryError::Position)).transpose()?;
        let streams = self.ask(move |reader| {
            let after = after.as_ref().map(|(source, event_type)| (source.as_str(), event_type.as_str()));
            reader.streams(after, limit.max(1))
        });
        Ok(streams.await?)
    }
}

impl Rejections for SqliteStore {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        self.write_behind(evidence).await
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        let query = query.clone();
        self.ask(move |reader| reader.rejections(&query, after, limit.max(1))).await
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        let query = query.clone();
        self.ask(move |reader| reader.rejected_hours(&query)).await
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        // No name is empty.
        let (source, event_type) = after.unwrap_or_default();
        let after = (source.to_owned(), event_type.to_owned());
        self.ask(move |reader| reader.rejected_streams(&after, limit)).await
    }
}
