//! What has happened in a check, as queries must tell it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use pik_core::{EventId, IngestTime, Outcome, Record, Status, Store, Submission};

use crate::QueryBench;
use crate::sample::{Draft, Sample, at};

/// A store, and the first occurrences that were sent to it.
pub(crate) struct Scene<'b, B> {
    pub(crate) bench: &'b B,
    pub(crate) sample: Sample,
    arrivals: usize,
    firsts: BTreeMap<EventId, Record>,
}

impl<'b, B: QueryBench> Scene<'b, B> {
    pub(crate) fn new(bench: &'b B, sample: Sample) -> Self {
        Self { bench, sample, arrivals: 0, firsts: BTreeMap::new() }
    }

    /// Another submission of this scene, not sent yet.
    pub(crate) fn submission(&mut self, draft: &Draft, ingest_time: IngestTime) -> Result<Submission> {
        self.arrivals += 1;
        self.sample.arrival(self.arrivals, &draft.respelled(self.arrivals % 5), ingest_time)
    }

    /// Sends the event and returns its record.
    pub(crate) async fn arrive(&mut self, draft: &Draft, ingest_time: IngestTime) -> Result<Record> {
        let submission = self.submission(draft, ingest_time)?;
        let answer = self.bench.store().ingest(submission.clone()).await?;
        self.record(&submission, answer.status).await
    }

    /// The record that an answered submission must have.
    pub(crate) async fn record(&mut self, submission: &Submission, outcome: Outcome) -> Result<Record> {
        let id = submission.event_id;
        match outcome {
            Outcome::Accepted => {
                ensure!(!self.firsts.contains_key(&id), "{id} was ACCEPTED twice");
                let raw_bucket = self.bench.store().find(&id).await?.context("an event is lost")?.raw_bucket;
                let record = Record { status: Status::Accepted, ..submission.claim(raw_bucket) };
                self.firsts.insert(id, record.clone());
                Ok(record)
            }
            Outcome::Duplicate => {
                let first = self.firsts.get(&id).context("the first occurrence was a DUPLICATE")?;
                Ok(submission.duplicate_of(first))
            }
        }
    }

    /// Sends the event so that it arrives so long after it happened.
    pub(crate) async fn arrive_late(&mut self, draft: &Draft, lag_ms: i64) -> Result<Record> {
        // Rounded up, as the lag is rounded down.
        let happened = at(&draft.event_time)?.unix_ms() + i64::from(has_more_than_milliseconds(draft)?);
        let ingest_time = IngestTime::from_unix_ms(happened + lag_ms).context("beyond the last ingest time")?;
        let record = self.arrive(draft, ingest_time).await?;
        ensure!(record.ingest_lag_ms == lag_ms, "the sample's lag is {}", record.ingest_lag_ms);
        Ok(record)
    }
}

fn has_more_than_milliseconds(draft: &Draft) -> Result<bool> {
    let time: pik_core::EventTime = draft.event_time.parse()?;
    Ok(!time.subsecond_nanoseconds().is_multiple_of(1_000_000))
}
