//! Where a record stands in the order of a query.

use core::cmp::{Ordering, Reverse};

use crate::{EventId, EventTime, IngestTime, Order, Outcome, Position, Query, Range, Receipt, Record, Span, Status};

/// As much of a record as tells its place in any order: positions for stores that have no shorter name for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The record's event.
    pub event_id: EventId,
    /// Its event time.
    pub event_time: EventTime,
    /// Its ingest time.
    pub ingest_time: IngestTime,
    /// The time under which arrivals list it.
    pub listed_time: IngestTime,
    /// Its lag.
    pub ingest_lag_ms: i64,
    /// Whether it is a first occurrence or a duplicate.
    pub status: Outcome,
    /// Its receipt.
    pub receipt: Receipt,
}

impl Place {
    /// The place of a record that was answered.
    pub fn of(record: &Record) -> Self {
        let status = match record.status {
            Status::Duplicate => Outcome::Duplicate,
            Status::Pending | Status::Accepted => Outcome::Accepted,
        };
        Self {
            event_id: record.event_id,
            event_time: record.event_time,
            ingest_time: record.ingest_time,
            listed_time: record.listed_time(),
            ingest_lag_ms: record.ingest_lag_ms,
            status,
            receipt: record.receipt.clone(),
        }
    }

    /// The place that a position names, if it was made of one.
    pub fn read(position: &Position) -> Option<Self> {
        let mut parts = position.as_str().splitn(7, ' ');
        let mut next = || parts.next();
        let status = next()?;
        let status = [Outcome::Accepted, Outcome::Duplicate].into_iter().find(|known| known.as_str() == status)?;
        Some(Self {
            event_id: next()?.parse().ok()?,
            event_time: next()?.parse().ok()?,
            ingest_time: next()?.parse().ok()?,
            listed_time: next()?.parse().ok()?,
            ingest_lag_ms: next()?.parse().ok()?,
            status,
            receipt: Receipt::from_stored(next()?),
        })
    }

    /// This place as a position.
    pub fn position(&self) -> Position {
        let Self { event_id, event_time, ingest_time, listed_time, ingest_lag_ms, status, receipt } = self;
        let status = status.as_str();
        // The receipt comes last: it alone could hold a space.
        Position::new(format!("{status} {event_id} {event_time} {ingest_time} {listed_time} {ingest_lag_ms} {receipt}"))
    }
}

impl Query {
    /// Whether the query asks for this record. PENDING ones are never asked for.
    pub fn asks_for(&self, record: &Record) -> bool {
        let outcome = match record.status {
            Status::Pending => return false,
            Status::Accepted => Outcome::Accepted,
            Status::Duplicate => Outcome::Duplicate,
        };
        let fits = |status: &Option<Outcome>| status.is_none_or(|status| status == outcome);
        match self {
            Self::Entity { entity_id, from, to, status } => {
                record.entity_id == *entity_id
                    && from.is_none_or(|from| from <= record.event_time)
                    && to.is_none_or(|to| record.event_time < to)
                    && fits(status)
            }
            Self::Lag { source, event_type, event_date, min_lag_ms } => {
                record.source == *source
                    && record.event_type == *event_type
                    && *record.event_time.date() == *event_date.date()
                    && min_lag_ms.is_none_or(|least| least <= record.ingest_lag_ms)
                    && outcome == Outcome::Accepted
            }
            Self::Arrivals { from, to, status } => (*from..*to).contains(&record.listed_time()) && fits(status),
            Self::Range(range) => range.has(record) && fits(&range.status),
            Self::Duplicates { event_id } => record.event_id == *event_id && outcome == Outcome::Duplicate,
        }
    }

    /// The query's order, where the store has none of its own for what the query leaves open.
    pub fn order(&self, one: &Place, other: &Place) -> Ordering {
        let arrival = |place: &Place| (place.status == Outcome::Duplicate, place.ingest_time);
        let by_arrival = || arrival(one).cmp(&arrival(other)).then_with(|| one.receipt.cmp(&other.receipt));
        match self {
            Self::Entity { .. } => {
                (one.event_time, one.event_id).cmp(&(other.event_time, other.event_id)).then_with(by_arrival)
            }
            Self::Lag { .. } => {
                (Reverse(one.ingest_lag_ms), one.event_id).cmp(&(Reverse(other.ingest_lag_ms), other.event_id))
            }
            Self::Arrivals { .. } => {
                (one.listed_time, one.event_id).cmp(&(other.listed_time, other.event_id)).then_with(by_arrival)
            }
            Self::Range(Range { span, order, .. }) => {
                let times = match span {
                    Span::EventTime { .. } => one.event_time.cmp(&other.event_time),
                    Span::Arrival { .. } => one.listed_time.cmp(&other.listed_time),
                };
                let ascending = times.then_with(|| one.event_id.cmp(&other.event_id)).then_with(by_arrival);
                match order {
                    Order::Ascending => ascending,
                    Order::Descending => ascending.reverse(),
                }
            }
            Self::Duplicates { .. } => by_arrival(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_and_anything_else_is_not() {
        let place = Place {
            event_id: EventId::from_bytes([7; 32]),
            event_time: "2025-12-28T23:59:59.5Z".parse().unwrap(),
            ingest_time: "2025-12-28T23:59:59.125Z".parse().unwrap(),
            listed_time: "2025-12-29T00:00:00.000Z".parse().unwrap(),
            ingest_lag_ms: -375,
            status: Outcome::Duplicate,
            receipt: Receipt::from_stored("odd one out.2a.0"),
        };
        let position = place.position();
        assert_eq!(Place::read(&position), Some(place));
        let text = position.as_str();
        for broken in ["", " ", "ACCEPTED", &text[1..], &text.to_lowercase(), &text.replace('T', "?")] {
            assert_eq!(Place::read(&Position::new(broken)), None, "{broken}");
        }
    }
    #[test]
    fn a_first_occurrence_stands_before_a_duplicate_that_came_earlier() {
        let first = Place {
            event_id: EventId::from_bytes([7; 32]),
            event_time: "2025-12-28T23:59:59Z".parse().unwrap(),
            ingest_time: "2025-12-29T00:00:00.001Z".parse().unwrap(),
            listed_time: "2025-12-29T00:00:00.001Z".parse().unwrap(),
            ingest_lag_ms: 1_001,
            status: Outcome::Accepted,
            receipt: Receipt::from_stored("b"),
        };
        let earlier = "2025-12-29T00:00:00.000Z".parse().unwrap();
        let duplicate = Place { status: Outcome::Duplicate, ingest_time: earlier, ..first.clone() };
        let later = Place { ingest_time: first.ingest_time, ..duplicate.clone() };
        let query = Query::Entity { entity_id: "user_123".to_owned(), from: None, to: None, status: None };
        let mut places = [&later, &duplicate, &first];
        places.sort_by(|one, other| query.order(one, other));
        assert_eq!(places, [&first, &duplicate, &later]);
    }
}
