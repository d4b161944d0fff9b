//! Dry runs: the answer that a real request would have had, and nothing written.

use anyhow::{Result, ensure};
use pik_core::{Answer, Store, Submission};

use crate::Bench;
use crate::occurrence::{accepted, duplicate, expect, split};
use crate::sample::{Sample, at, later};

async fn foretold<B: Bench>(bench: &B, submission: &Submission) -> Result<Answer> {
    let found = bench.store().find(&submission.event_id).await?;
    Ok(submission.foretold(found.as_ref()))
}

pub(crate) async fn writes_nothing<B: Bench>(bench: &B, sample: Sample) -> Result<()> {
    let time = at("2025-12-29T20:15:35.580Z")?;
    let first = sample.arrival(0, &sample.draft().body(), time)?;
    let id = first.event_id;
    for _ in 0..2 {
        let answer = foretold(bench, &first).await?;
        ensure!(answer == accepted(&first), "foretold {answer:?}");
        let (records, objects) = (bench.records(&id).await?, bench.objects(&id).await?);
        ensure!(records.is_empty() && objects.is_empty(), "a dry run left {records:?} and {objects:?}");
    }
    expect(bench, &first, accepted(&first)).await?;

    let again = sample.arrival(1, &sample.draft().respelled(3), later(time, 86_400_000)?)?;
    let before = split(bench.records(&id).await?)?;
    for _ in 0..2 {
        let answer = foretold(bench, &again).await?;
        ensure!(answer == duplicate(&again, &first), "foretold {answer:?}");
        let after = split(bench.records(&id).await?)?;
        ensure!(after == before, "a dry run changed {before:?} to {after:?}");
    }
    expect(bench, &again, duplicate(&again, &first)).await
}
