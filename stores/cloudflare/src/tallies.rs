//! What happened in each hour or day, counted through whole days of a type.

use pik_core::{Bucket, EventTime, IngestTime, LagCounts, StatsQuery, StoreError, Tally};
use serde::Deserialize;

use crate::D1Ledger;
use crate::database::{Done, Statement};
use crate::investigate::{LEAST, number};
use crate::{row, sql};

/// How many events one statement counts.
const PIECE: usize = 5_000;

/// One event and its repetitions.
#[derive(Deserialize)]
struct Counted {
    event_id: String,
    event_day: i64,
    event_seconds: i64,
    ingest_ms: i64,
    ingest_lag_ms: i64,
    duplicates: u64,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

impl Counted {
    /// The place of its event time among the buckets, if it is in one, and what it adds there.
    fn tally(&self, query: &StatsQuery) -> Result<Option<(usize, Tally)>, StoreError> {
        let unusable = || StoreError::Internal(format!("the row of event {} has an unusable time", self.event_id));
        let event_time = EventTime::from_unix(self.event_seconds, 0).ok_or_else(unusable)?;
        let Some(place) = query.place_of(&event_time) else { return Ok(None) };
        let time = |ms| IngestTime::from_unix_ms(ms).ok_or_else(unusable);
        let arrivals = (time(self.first_ms.unwrap_or(self.ingest_ms))?, time(self.last_ms.unwrap_or(self.ingest_ms))?);
        let first = time(self.ingest_ms)?;
        let mut lags = LagCounts::default();
        lags.add(self.ingest_lag_ms);
        let arrivals = Some((arrivals.0.min(first), arrivals.1.max(first)));
        Ok(Some((place, Tally { lags, duplicate: self.duplicates, arrivals })))
    }
}

impl D1Ledger {
    /// The buckets of a query.
    pub(crate) async fn tallies(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        let mut tallies = vec![Tally::default(); query.buckets()];
        let last_second = query.end_seconds() - 1;
        let Some(last_day) = EventTime::from_unix(last_second, 0).map(|time| row::day_of(&time)) else {
            return Err(StoreError::Internal("the last bucket ends beyond the year 9999".into()));
        };
        // Before every lag of the first day.
        let mut place = (row::day_of(&query.start()), LEAST, String::new());
        while query.buckets() > 0 {
            let (day, lag_ms, id) = place;
            let parameters = vec![
                query.source.as_str().into(),
                query.event_type.as_str().into(),
                day.into(),
                lag_ms.into(),
                id.into(),
                last_day.into(),
                number(PIECE),
            ];
            let statement = Statement { sql: sql::TALLY, parameters };
            let counted: Done<Counted> = self.database().run("count records", statement).await?;
            for counted in &counted.rows {
                if let Some((bucket, tally)) = counted.tally(query)? {
                    tallies[bucket].merge(&tally);
                }
            }
            match counted.rows.into_iter().nth(PIECE - 1) {
                Some(last) => place = (last.event_day, last.ingest_lag_ms, last.event_id),
                None => break,
            }
        }
        Ok(query.answer(&tallies))
    }
}
