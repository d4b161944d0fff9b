//! What must hold, whatever went wrong.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use pik_conformance::Bench;
use pik_core::{
    Answer, Event, EventId, IngestTime, Notice, Outcome, Status, StoreError, Submission, Verification, verify,
};

use crate::bench::AwsBench;

/// One attempt and what it was answered.
pub(crate) type Attempt = (Submission, Result<Answer, StoreError>);

/// Checks every event of the attempts, each of which must have been answered at least once.
pub(crate) async fn check(bench: &AwsBench, attempts: &[Attempt]) -> Result<()> {
    let mut events: BTreeMap<EventId, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts {
        events.entry(attempt.0.record.event_id).or_default().push(attempt);
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
        attempts.iter().filter_map(move |(submission, answer)| {
            answer.as_ref().ok().filter(|answer| answer.status == outcome).map(|answer| (submission, answer))
        })
    };
    ensure!(attempts.iter().any(|(_, answer)| answer.is_ok()), "never answered");

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
    let claimed = attempts.iter().any(|(submission, _)| {
        submission.record.raw_key == first.raw_key && submission.record.ingest_time == first.ingest_time
    });
    ensure!(claimed, "key and time are no attempt's");

    let accepted: Vec<_> = answered(Outcome::Accepted).collect();
    ensure!(accepted.len() <= 1, "{} were ACCEPTED", accepted.len());
    for (submission, answer) in accepted {
        ensure!(submission.record.receipt == first.receipt, "ACCEPTED, and the record names {}", first.receipt);
        ensure!(answer.raw_key == first.raw_key && answer.ingest_lag_ms == first.ingest_lag_ms);
    }
    for (submission, answer) in answered(Outcome::Duplicate) {
        let receipt = &submission.record.receipt;
        let own = duplicates.iter().find(|record| record.receipt == *receipt);
        let own = own.with_context(|| format!("no record of the DUPLICATE {receipt}"))?;
        ensure!(own.ingest_time == submission.record.ingest_time && own.raw_key == first.raw_key);
        ensure!(answer.raw_key == first.raw_key && answer.ingest_lag_ms == own.ingest_lag_ms);
    }
    // A record may stand for an attempt whose answer was lost, never for none.
    for record in &duplicates {
        ensure!(attempts.iter().any(|(submission, _)| submission.record.receipt == record.receipt), "nobody's record");
        ensure!(record.receipt != first.receipt, "one attempt is first and duplicate");
    }
    Ok(())
}
