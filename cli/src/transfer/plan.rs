//! Which events to replay, in which order.

use std::collections::HashSet;

use anyhow::{Context, Result};
use pik_core::{EventId, EventTime, IngestTime, Query, RawKey, Record};

use crate::investigate::{LeftOut, Settled, Source, each_page};

/// How many records are asked for at once.
const PAGE: usize = 1_000;

/// Events by event time, each of them once. Some 60 bytes an event: records have to be sorted, and queries have other
/// orders.
#[derive(Default)]
pub(crate) struct Plan {
    /// The sources and types that occur.
    streams: Vec<(String, String)>,
    entries: Vec<Entry>,
    /// Of all raw objects.
    pub(crate) bytes: u64,
    /// What of the window that was asked for is left out.
    pub(crate) left_out: Option<LeftOut>,
}

struct Entry {
    event_time: EventTime,
    event_id: EventId,
    /// Midnight of the first arrival's day.
    ingest_date: IngestTime,
    stream: u32,
}

impl Plan {
    /// What a query finds. `found` hears how many records were looked at.
    pub(crate) fn of(query: &Query, source: &dyn Source, found: &mut dyn FnMut(usize)) -> Result<Self> {
        let Settled { query, left_out } = Settled::of(query.clone(), source)?;
        let mut plan = Self { left_out, ..Self::default() };
        let mut seen = HashSet::new();
        each_page(
            |after| source.records(&query, after, PAGE),
            |records: Vec<Record>| {
                found(records.len());
                for record in records {
                    // A duplicate is one more arrival of the same raw object.
                    if seen.insert(record.event_id) {
                        plan.bytes += record.raw_size;
                        plan.push(&record.raw_key, record.event_time)?;
                    }
                }
                Ok(())
            },
        )?;
        plan.entries.sort_unstable_by_key(|entry| (entry.event_time, entry.event_id));
        Ok(plan)
    }

    /// What stands in a journal, in that order.
    pub(crate) fn read_back(keys: impl Iterator<Item = RawKey>, left_out: Option<LeftOut>) -> Result<Self> {
        let mut plan = Self { left_out, ..Self::default() };
        for key in keys {
            let named = key.partition();
            // Of the time, no more than the key has is asked for again.
            let hour = format!("{}T{}:00:00Z", named.event_date, named.hour).parse().context("an hour of a key")?;
            plan.push(&key, hour)?;
        }
        Ok(plan)
    }

    fn push(&mut self, key: &RawKey, event_time: EventTime) -> Result<()> {
        let named = key.partition();
        let ingest_date = format!("{}T00:00:00Z", named.ingest_date).parse().context("the date of a key")?;
        let stream = (named.source, named.event_type);
        let place = match self.streams.iter().position(|known| *known == stream) {
            Some(place) => place,
            None => {
                self.streams.push(stream);
                self.streams.len() - 1
            }
        };
        let stream = u32::try_from(place).context("too many sources and types")?;
        self.entries.push(Entry { event_time, event_id: named.event_id, ingest_date, stream });
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The earliest and the latest event time; `None` when there are no events.
    pub(crate) fn span(&self) -> Option<(EventTime, EventTime)> {
        Some((self.entries.first()?.event_time, self.entries.last()?.event_time))
    }

    /// The keys from the `from`th to before the `to`th.
    pub(crate) fn keys(&self, from: usize, to: usize) -> impl Iterator<Item = RawKey> {
        self.entries[from..to].iter().map(|entry| {
            let (source, event_type) = &self.streams[entry.stream as usize];
            RawKey::of(source, event_type, &entry.event_time, entry.ingest_date, &entry.event_id)
        })
    }
}
