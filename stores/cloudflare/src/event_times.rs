//! Ranges of event times, by an index that a database has or not. Its entries are those of events; the duplicates of each are
//! joined, those of a piece of events at a time, so that no statement reads on without an end.

use pik_core::{EventTime, Order, Outcome, Place, Query, QueryError, Record, StoreError};

use crate::D1Ledger;
use crate::investigate::{Boundary, first, number};
use crate::sql;

/// What is said where the database has no such index. D1 refuses the statements, which name it, and nothing is scanned.
const NO_INDEX: &str = "a range of event times needs the index `by_event_time`, which this database does not have; add it with \
    `npx wrangler d1 execute pik --remote --command \"CREATE UNIQUE INDEX IF NOT EXISTS by_event_time ON event \
    (event_seconds, event_nanoseconds, event_id) WHERE status = 'ACCEPTED'\"`; it costs a row written for each event that is \
    there or comes, $1.00 a million, and can be dropped again. Without it ask by arrival (`arrived_from`, `arrived_to`), by \
    `entity_id`, or by `event_date`";

/// An index that is not there.
fn told(error: StoreError) -> QueryError {
    if error.reason().contains("no such index") { QueryError::Unanswered(NO_INDEX) } else { QueryError::Store(error) }
}

impl D1Ledger {
    /// [`D1Ledger::event_times`], where there is the index.
    pub(crate) async fn by_event_time(
        &self,
        query: &Query,
        times: (Option<&EventTime>, Option<&EventTime>),
        selected: (Order, Option<Outcome>),
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, QueryError> {
        self.event_times(query, times, selected, after, count).await.map_err(told)
    }

    /// The next `count` events and duplicates of all types; fewer at the end alone. With a status other than ACCEPTED both.
    async fn event_times(
        &self,
        query: &Query,
        (from, to): (Option<&EventTime>, Option<&EventTime>),
        (order, status): (Order, Option<Outcome>),
        after: Option<&Place>,
        count: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let mut low = from.map_or_else(Boundary::first, Boundary::of_time);
        let mut high = to.map_or_else(Boundary::last, Boundary::of_time);
        let with_duplicates = status != Some(Outcome::Accepted);
        let mut records = Vec::new();
        if let Some(place) = after {
            let (before, behind) = (Boundary::before(place), Boundary::behind(&place.event_time, &place.event_id));
            match order {
                Order::Ascending => {
                    low = low.max(behind);
                    if with_duplicates {
                        records = self.duplicates(&place.event_id, after, count).await?;
                    }
                }
                Order::Descending => {
                    high = high.min(before);
                    if place.status == Outcome::Duplicate {
                        let parameters = vec![
                            place.event_id.to_string().into(),
                            place.ingest_time.unix_ms().into(),
                            place.receipt.as_str().into(),
                            number(count),
                        ];
                        records = self.select(sql::DUPLICATES_BACK, parameters).await?;
                        // Behind an event's duplicates comes the event itself.
                        let own = self.select(sql::FIND, vec![place.event_id.to_string().into()]).await?;
                        records.extend(own);
                    }
                }
            }
        }
        let range = |low: &Boundary, high: &Boundary| {
            let mut parameters = low.clone().parameters().to_vec();
            parameters.extend(high.clone().parameters());
            parameters.push(number(count));
            parameters
        };
        let (events, duplicates) = match order {
            Order::Ascending => (sql::EVENT_TIMES, sql::EVENT_TIME_DUPLICATES),
            Order::Descending => (sql::EVENT_TIMES_BACK, sql::EVENT_TIME_DUPLICATES_BACK),
        };
        let events = self.select(events, range(&low, &high)).await?;
        // Duplicates of events behind these are of a later page.
        if events.len() == count
            && let Some(last) = events.last()
        {
            match order {
                Order::Ascending => high = Boundary::behind(&last.event_time, &last.event_id),
                Order::Descending => low = Boundary::before(&Place::of(last)),
            }
        }
        records.extend(events);
        if with_duplicates {
            records.extend(self.select(duplicates, range(&low, &high)).await?);
        }
        Ok(first(query, records, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_is_told_makes_the_index() {
        let statement = sql::EVENT_TIME_INDEX.lines().find(|line| !line.starts_with("--")).unwrap();
        assert!(NO_INDEX.contains(&format!("\"{}\"", statement.trim_end_matches(';'))), "{NO_INDEX}");
        let told = told(StoreError::Unavailable("select records in D1: no such index: by_event_time".to_owned()));
        assert_eq!(told, QueryError::Unanswered(NO_INDEX));
    }
}
