//! Finding an event by its members, where another writer spelled its payload differently.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use pik_core::{Event, EventId, EventTime, Outcome, Query, Record};

use super::difference::{Difference, differences};
use crate::investigate::{Source, each_page};

/// What makes two events the same. `entity_id` and `event_time` always do, for by them events are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    source: bool,
    event_type: bool,
}

impl Key {
    /// Reads names of members, with commas between them.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        if let Some(other) =
            names.iter().find(|name| !["source", "event_type", "entity_id", "event_time"].contains(name))
        {
            return Err(format!("`{other}` is none of source, event_type, entity_id and event_time"));
        }
        if !names.contains(&"entity_id") || !names.contains(&"event_time") {
            return Err("events are found by entity_id and event_time; name both".to_owned());
        }
        Ok(Self { source: names.contains(&"source"), event_type: names.contains(&"event_type") })
    }

    fn fits(self, event: &Event<'_>, record: &Record) -> bool {
        (!self.source || record.source == event.source())
            && (!self.event_type || record.event_type == event.event_type())
    }
}

/// Takes each stored event for one of the file at most.
pub(super) struct Finder<'s> {
    source: &'s dyn Source,
    key: Key,
    tolerance: Duration,
    taken: HashSet<EventId>,
}

impl<'s> Finder<'s> {
    /// `taken` are the events that the file has as they are stored.
    pub(super) fn new(source: &'s dyn Source, key: Key, tolerance: Duration, taken: HashSet<EventId>) -> Self {
        Self { source, key, tolerance, taken }
    }

    /// The stored event that is nearest in time, and how it differs.
    pub(super) fn find(&mut self, event: &Event<'_>) -> Result<Option<(EventId, Vec<Difference>)>> {
        let time = event.event_time();
        let query = Query::Entity {
            entity_id: event.entity_id().to_owned(),
            from: moved(time, -nanoseconds(self.tolerance)),
            // The end is excluded.
            to: moved(time, nanoseconds(self.tolerance) + 1),
            status: Some(Outcome::Accepted),
        };
        let mut nearest: Option<(i128, Record)> = None;
        each_page(
            |after| self.source.records(&query, after, 1_000),
            |records| {
                for record in records {
                    let distance = (since_1970(&record.event_time) - since_1970(time)).abs();
                    let is_nearer = nearest.as_ref().is_none_or(|(best, _)| distance < *best);
                    if is_nearer && self.key.fits(event, &record) && !self.taken.contains(&record.event_id) {
                        nearest = Some((distance, record));
                    }
                }
                Ok(())
            },
        )?;
        let Some((_, record)) = nearest else { return Ok(None) };
        let mut contents = self.source.contents(std::slice::from_ref(&record.raw_key))?;
        let Some(Some(raw)) = contents.pop() else {
            anyhow::bail!("`{}` has a record and no raw object; run `pik verify`", record.event_id);
        };
        self.taken.insert(record.event_id);
        let Some(differences) = differences(event.raw(), &raw) else {
            anyhow::bail!("`{}` is stored as something that is no event; run `pik verify`", record.event_id);
        };
        Ok(Some((record.event_id, differences)))
    }
}

fn nanoseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 4)
}

fn since_1970(time: &EventTime) -> i128 {
    i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.subsecond_nanoseconds())
}

/// A bound that far away; none where the calendar ends.
fn moved(time: &EventTime, by: i128) -> Option<EventTime> {
    let moved = since_1970(time) + by;
    let seconds = i64::try_from(moved.div_euclid(1_000_000_000)).ok()?;
    let rest = u32::try_from(moved.rem_euclid(1_000_000_000)).ok()?;
    EventTime::from_unix(seconds, rest)
}
