//! What must hold, whatever went wrong.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use pik_conformance::Bench;
use pik_core::{
    Answer, Event, EventId, IngestTime, Notice, Outcome, RawKey, Record, Status, Submission, Verification, verify,
};

use crate::bench::AwsBench;

/// One attempt and what it was answered.
pub(crate) struct Attempt {
    pub(crate) event_id: EventId,
    /// What its receipt begins with, and no other's.
    pub(crate) mark: String,
    /// When it arrived and where its object would be; only the host knows of a request by HTTP.
    pub(crate) arrived: Option<(IngestTime, RawKey)>,
    /// `None` for an error.
    pub(crate) answer: Option<Answer>,
}

impl Attempt {
    /// An attempt that called the store itself.
    pub(crate) fn direct(submission: Submission, answer: Option<Answer>) -> Self {
        let Submission { event_id, receipt, ingest_time, raw_key, .. } = submission;
        Self { event_id, mark: receipt.to_string(), arrived: Some((ingest_time, raw_key)), answer }
    }

    fn wrote(&self, record: &Record) -> bool {
        record.receipt.as_str().starts_with(&self.mark)
    }
}

/// Checks every event of the attempts, each of which must have been answered at least once.
pub(crate) async fn check(bench: &AwsBench, attempts: &[Attempt]) -> Result<()> {
    let mut events: BTreeMap<EventId, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts {
        events.entry(attempt.event_id).or_default().push(attempt);
    }

    // All versions there ever were: as many as events means that none was overwritten, deleted or written twice.
    let versions = bench.versions().await?;
    let keys: BTreeSet<&String> = versions.iter().collect();
    ensure!(keys.len() == versions.len(), "{} versions of {} objects", versions.len(), keys.len());
    ensure!(keys.len() == events.len(), "{} objects of {} events", keys.len(), events.len());

    for (id, attempts) in &events {
        check_event(bench, id, attempts, &keys).await.with_context(|| format!("event {id}"))?;
    }

    // And the same by the product's own means.
    let everything =
        Verification { pending_before: IngestTime::from_unix_ms(253_402_300_799_999).context("time")?, repair: None };
    let mut findings = Vec::new();
    verify(&bench.store, &everything, |notice| {
        if let Notice::Found(finding) = notice {
            findings.push(finding);
        }
    })
    .await?;
    ensure!(findings.is_empty(), "{findings:?}");
    Ok(())
}

async fn check_event(bench: &AwsBench, id: &EventId, attempts: &[&Attempt], keys: &BTreeSet<&String>) -> Result<()> {
    let answered = |outcome: Outcome| {
        let answer = move |attempt: &&Attempt| attempt.answer.as_ref().is_some_and(|answer| answer.status == outcome);
        attempts.iter().copied().filter(answer)
    };
    ensure!(attempts.iter().any(|attempt| attempt.answer.is_some()), "never answered");

    let records = bench.records(id).await?;
    let (firsts, duplicates): (Vec<_>, Vec<_>) =
        records.into_iter().partition(|record| record.status != Status::Duplicate);
    ensure!(firsts.len() == 1, "{} first records", firsts.len());
    let first = &firsts[0];
    ensure!(first.status == Status::Accepted, "still {}", first.status.as_str());
    ensure!(keys.contains(&first.raw_key.to_string()), "no object at {}", first.raw_key);

    let raw = bench.clients.s3.get_object().bucket(&bench.settings.bucket).key(first.raw_key.as_str()).send().await?;
    let raw = raw.body.collect().await?.to_vec();
    ensure!(raw.len() as u64 == first.raw_size, "{} bytes, recorded {}", raw.len(), first.raw_size);
    ensure!(Event::parse(&raw).is_ok_and(|event| event.id() == id), "the object is another event");
    let theirs = (first.ingest_time, first.raw_key.clone());
    let claimed = |attempt: &&Attempt| attempt.arrived.as_ref().is_none_or(|arrived| *arrived == theirs);
    ensure!(attempts.iter().any(claimed), "key and time are no attempt's");

    ensure!(answered(Outcome::Accepted).count() <= 1, "{} were ACCEPTED", answered(Outcome::Accepted).count());
    for attempt in answered(Outcome::Accepted) {
        ensure!(attempt.wrote(first), "{} was ACCEPTED, and the record names {}", attempt.mark, first.receipt);
        let answer = attempt.answer.as_ref().context("answered")?;
        ensure!(answer.raw_key == first.raw_key && answer.ingest_lag_ms == first.ingest_lag_ms);
    }
    for attempt in answered(Outcome::Duplicate) {
        let own = duplicates.iter().find(|record| attempt.wrote(record));
        let own = own.with_context(|| format!("no record of the DUPLICATE {}", attempt.mark))?;
        let answer = attempt.answer.as_ref().context("answered")?;
        ensure!(own.raw_key == first.raw_key && answer.raw_key == first.raw_key);
        ensure!(answer.ingest_lag_ms == own.ingest_lag_ms);
        ensure!(attempt.arrived.as_ref().is_none_or(|(time, _)| *time == own.ingest_time));
    }
    // A record may stand for an attempt whose answer was lost, never for none, and never twice for one.
    for record in &duplicates {
        ensure!(attempts.iter().any(|attempt| attempt.wrote(record)), "a record that no attempt wrote");
        ensure!(record.receipt != first.receipt, "one attempt is first and duplicate");
    }
    let receipts: BTreeSet<_> = duplicates.iter().map(|record| &record.receipt).collect();
    ensure!(receipts.len() == duplicates.len(), "{} records of {} occurrences", duplicates.len(), receipts.len());
    Ok(())
}
