//! Batches: each item on its own, one result for each, in order.

use anyhow::{Result, ensure};
use pik_core::{Answer, RawObject, Store, Submission};

use crate::Bench;
use crate::occurrence::{accepted, duplicate, expect, split};
use crate::sample::{Sample, at, later};

async fn expect_batch<B: Bench>(bench: &B, batch: &[Submission], answers: &[Answer]) -> Result<()> {
    let got = bench.store().ingest_batch(batch.to_vec()).await;
    ensure!(got.len() == batch.len(), "{} results for a batch of {}", got.len(), batch.len());
    for (index, (got, answer)) in got.into_iter().zip(answers).enumerate() {
        let got = got?;
        ensure!(got == *answer, "item {index} was answered {got:?} instead of {answer:?}");
    }
    Ok(())
}

pub(crate) async fn of_none<B: Bench>(bench: &B) -> Result<()> {
    expect_batch(bench, &[], &[]).await
}

pub(crate) async fn of_one<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let time = at("2025-12-29T20:15:35.580Z")?;
    let first = sample.arrival(0, &sample.draft().body(), time)?;
    let again = sample.arrival(1, &sample.draft().respelled(1), later(time, 1)?)?;
    expect_batch(bench, std::slice::from_ref(&first), &[accepted(&first)]).await?;
    expect_batch(bench, std::slice::from_ref(&again), &[duplicate(&again, &first)]).await
}

/// New events, one that was there before, and equal ones within the batch: the earlier is the first.
pub(crate) async fn mixed<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let time = at("2025-12-29T20:15:35.580Z")?;
    let (a, b, c) = (sample.numbered(1), sample.numbered(2), sample.numbered(3));
    let there = sample.arrival(0, &a.body(), time)?;
    expect(bench, &there, accepted(&there)).await?;

    // One batch has one reading of the clock.
    let time = later(time, 86_400_000)?;
    let bodies =
        [b.respelled(3), a.respelled(1), b.body(), c.body(), b.respelled(9), a.body(), c.respelled(1), b.respelled(3)];
    let batch: Vec<_> =
        bodies.iter().enumerate().map(|(nth, body)| sample.arrival(nth + 1, body, time)).collect::<Result<_>>()?;
    let answers = [
        accepted(&batch[0]),
        duplicate(&batch[1], &there),
        duplicate(&batch[2], &batch[0]),
        accepted(&batch[3]),
        duplicate(&batch[4], &batch[0]),
        duplicate(&batch[5], &there),
        duplicate(&batch[6], &batch[3]),
        duplicate(&batch[7], &batch[0]),
    ];
    expect_batch(bench, &batch, &answers).await?;
    for (first, occurrences) in [(&there, 3), (&batch[0], 4), (&batch[3], 2)] {
        let objects = bench.objects(&first.event_id).await?;
        ensure!(objects == [(first.raw_key.clone(), first.raw.clone())], "kept {objects:?}");
        let (kept, duplicates) = split(bench.records(&first.event_id).await?)?;
        ensure!(kept.receipt == first.receipt, "the first record has the receipt {}", kept.receipt);
        ensure!(duplicates.len() == occurrences - 1, "{} of {} duplicates", duplicates.len(), occurrences - 1);
    }
    Ok(())
}

pub(crate) async fn of_1000<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    const ITEMS: usize = 1_000;
    // Every tenth item repeats the one 500 places before it.
    let first_of = |nth: usize| if nth >= 500 && nth.is_multiple_of(10) { nth - 500 } else { nth };
    let time = at("2025-12-29T20:15:35.580Z")?;
    let batch: Vec<_> = (0..ITEMS)
        .map(|nth| sample.arrival(nth, &sample.numbered(first_of(nth)).respelled(nth % 7), time))
        .collect::<Result<_>>()?;
    let answer = |nth: usize| match first_of(nth) {
        first if first == nth => accepted(&batch[nth]),
        first => duplicate(&batch[nth], &batch[first]),
    };
    let answers: Vec<_> = (0..ITEMS).map(answer).collect();
    expect_batch(bench, &batch, &answers).await?;
    for nth in (0..ITEMS).step_by(99) {
        let first = &batch[first_of(nth)];
        let raw = bench.store().raw(&first.event_id).await?;
        ensure!(raw.map(RawObject::into_bytes).as_ref() == Some(&first.raw), "item {nth} has other raw bytes");
    }
    let again: Vec<_> = (0..ITEMS)
        .map(|nth| sample.arrival(ITEMS + nth, &sample.numbered(first_of(nth)).body(), later(time, 1)?))
        .collect::<Result<_>>()?;
    let answers: Vec<_> = (0..ITEMS).map(|nth| duplicate(&again[nth], &batch[first_of(nth)])).collect();
    expect_batch(bench, &again, &answers).await
}
