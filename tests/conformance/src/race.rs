//! Many requests at once.

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use pik_core::{Answer, Outcome, Status, Store, Submission};

use crate::Bench;
use crate::occurrence::split;
use crate::sample::{Sample, at, later};

const AT_ONCE: usize = 64;

/// Checks the answers to all occurrences of one event, whose order is the store's choice: exactly one ACCEPTED, and
/// for each of the others a DUPLICATE with a record of its own.
async fn expect_one_accepted<B: Bench>(bench: &B, occurrences: &[(&Submission, &Answer)]) -> Result<()> {
    let winners: Vec<_> = occurrences.iter().filter(|(_, answer)| answer.status == Outcome::Accepted).collect();
    ensure!(winners.len() == 1, "{} of {} were ACCEPTED", winners.len(), occurrences.len());
    let (winner, answer) = winners[0];
    let id = winner.event_id;

    let (first, duplicates) = split(bench.records(&id).await?)?;
    ensure!(first.status == Status::Accepted, "the first record is {}", first.status.as_str());
    ensure!(first.receipt == winner.receipt, "ACCEPTED was {}, recorded {}", winner.receipt, first.receipt);
    ensure!(answer.raw_key == first.raw_key && answer.ingest_lag_ms == first.ingest_lag_ms);
    // Whichever attempt finishes it, the claim fixes time and key, and the claim is one of these.
    let claimed = occurrences
        .iter()
        .any(|(submission, _)| submission.ingest_time == first.ingest_time && submission.raw_key == first.raw_key);
    ensure!(claimed, "{} at {} is none of theirs", first.raw_key, first.ingest_time);

    let objects = bench.objects(&id).await?;
    ensure!(objects.len() == 1 && objects[0].0 == first.raw_key, "{} raw objects: {objects:?}", objects.len());
    let bytes = &objects[0].1;
    ensure!(occurrences.iter().any(|(submission, _)| submission.raw == *bytes), "no attempt sent these bytes");
    ensure!(first.raw_size == bytes.len() as u64, "recorded {} bytes of {}", first.raw_size, bytes.len());

    ensure!(duplicates.len() == occurrences.len() - 1, "{} of {} duplicates", duplicates.len(), occurrences.len() - 1);
    for (submission, answer) in occurrences.iter().filter(|(_, answer)| answer.status == Outcome::Duplicate) {
        let own = duplicates.iter().find(|record| record.receipt == submission.receipt);
        let own = own.with_context(|| format!("no record of the duplicate {}", submission.receipt))?;
        ensure!(own.ingest_time == submission.ingest_time, "{} has {}", own.receipt, own.ingest_time);
        ensure!(own.ingest_lag_ms == submission.ingest_lag_ms && answer.ingest_lag_ms == own.ingest_lag_ms);
        ensure!(own.raw_key == first.raw_key && answer.raw_key == first.raw_key, "{} has another key", own.receipt);
        ensure!(own.raw_size == first.raw_size, "{} says {} bytes", own.receipt, own.raw_size);
    }
    Ok(())
}

pub(crate) async fn one_event<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let draft = sample.draft();
    // Around midnight, each spelled differently.
    let start = at("2025-12-29T23:59:59.968Z")?;
    let submissions: Vec<_> = (0..AT_ONCE)
        .map(|nth| sample.arrival(nth, &draft.respelled(nth), later(start, nth as i64)?))
        .collect::<Result<_>>()?;
    let answers = join_all(submissions.iter().map(|submission| bench.store().ingest(submission.clone()))).await;
    let answers: Vec<_> = answers.into_iter().collect::<Result<_, _>>()?;
    expect_one_accepted(bench, &submissions.iter().zip(&answers).collect::<Vec<_>>()).await
}

pub(crate) async fn several_events<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    const EVENTS: usize = 8;
    let time = at("2025-12-29T20:15:35.580Z")?;
    let submissions: Vec<_> = (0..AT_ONCE)
        .map(|nth| sample.arrival(nth, &sample.numbered(nth % EVENTS).respelled(nth), time))
        .collect::<Result<_>>()?;
    let answers = join_all(submissions.iter().map(|submission| bench.store().ingest(submission.clone()))).await;
    let answers: Vec<_> = answers.into_iter().collect::<Result<_, _>>()?;
    for event in 0..EVENTS {
        let theirs = submissions.iter().zip(&answers).skip(event).step_by(EVENTS);
        expect_one_accepted(bench, &theirs.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Batches that hold the same events in opposite orders, which is how transactions block each other.
pub(crate) async fn batches<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    const BATCHES: usize = 8;
    const EVENTS: usize = 16;
    let time = at("2025-12-29T20:15:35.580Z")?;
    let mut batches = Vec::new();
    for batch in 0..BATCHES {
        let mut submissions = (0..EVENTS)
            .map(|event| {
                sample.arrival(
                    batch * EVENTS + event,
                    &sample.numbered(event).respelled(batch),
                    later(time, batch as i64)?,
                )
            })
            .collect::<Result<Vec<_>>>()?;
        if batch % 2 == 1 {
            submissions.reverse();
        }
        batches.push(submissions);
    }
    let answers = join_all(batches.iter().map(|batch| bench.store().ingest_batch(batch.clone()))).await;
    let mut occurrences = Vec::new();
    for (batch, answers) in batches.iter().zip(answers) {
        ensure!(answers.len() == batch.len(), "{} results for a batch of {}", answers.len(), batch.len());
        for (submission, answer) in batch.iter().zip(answers) {
            occurrences.push((submission, answer?));
        }
    }
    for first in &batches[0] {
        let theirs = occurrences.iter().filter(|(submission, _)| submission.event_id == first.event_id);
        let theirs: Vec<_> = theirs.map(|(submission, answer)| (*submission, answer)).collect();
        ensure!(theirs.len() == BATCHES);
        expect_one_accepted(bench, &theirs).await?;
    }
    Ok(())
}
