//! What arrived in a window.

use anyhow::{Result, ensure};
use pik_core::{IngestTime, Outcome, Query, Record, Store};

use super::scene::Scene;
use super::walk::{expect, same_by, same_set, walk};
use crate::QueryBench;
use crate::sample::{Draft, Sample, later};

pub(super) fn window(from: IngestTime, to: IngestTime, status: Option<Outcome>) -> Query {
    Query::Arrivals { from, to, status }
}

/// Around midnight and days apart, in milliseconds; each with the number of its event, so that some are duplicates.
const ARRIVALS: [(i64, usize); 9] =
    [(-86_400_000, 0), (-1_001, 1), (-1_000, 0), (-1, 2), (0, 1), (1, 3), (999, 2), (1_000, 4), (3 * 86_400_000, 0)];

/// Sends [`ARRIVALS`], in an order that is not theirs except that firsts stay first.
async fn arrive<B: QueryBench>(scene: &mut Scene<'_, B>) -> Result<Vec<Record>> {
    let midnight = scene.sample.midnight()?;
    let mut records = Vec::new();
    for nth in [3, 7, 1, 5, 0, 4, 8, 6, 2] {
        let (after_ms, number) = ARRIVALS[nth];
        // Of another source each, as what arrives does not share one.
        let draft = Draft { source: format!("source {number}"), ..scene.sample.numbered(number) };
        records.push(scene.arrive(&draft, later(midnight, after_ms)?).await?);
    }
    records.sort_by_key(|record| record.ingest_time);
    Ok(records)
}

pub(crate) async fn in_order<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let records = arrive(&mut scene).await?;
    ensure!(records.iter().filter(|record| record.status.as_str() == "DUPLICATE").count() == 4);
    let (first, last) = (records[0].ingest_time, records[ARRIVALS.len() - 1].ingest_time);
    expect(bench, &window(first, later(last, 1)?, None), &records).await?;
    for (status, word) in [(Outcome::Accepted, "ACCEPTED"), (Outcome::Duplicate, "DUPLICATE")] {
        let kept: Vec<_> = records.iter().filter(|record| record.status.as_str() == word).cloned().collect();
        expect(bench, &window(first, later(last, 1)?, Some(status)), &kept).await?;
    }
    Ok(())
}

pub(crate) async fn bounds<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let records = arrive(&mut scene).await?;
    let times: Vec<IngestTime> = records.iter().map(|record| record.ingest_time).collect();
    for from in 0..times.len() {
        for to in 0..times.len() {
            let within = if from < to { &records[from..to] } else { &[] };
            expect(bench, &window(times[from], times[to], None), within).await?;
            if from <= to {
                expect(bench, &window(times[from], later(times[to], 1)?, None), &records[from..=to]).await?;
                expect(bench, &window(later(times[from], 1)?, later(times[to], 1)?, None), &records[from + 1..=to])
                    .await?;
            }
        }
    }
    Ok(())
}

/// One reading of the clock for a whole batch, duplicates within it too.
pub(crate) async fn one_moment<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    const EVENTS: usize = 120;
    let mut scene = Scene::new(bench, sample);
    let midnight = sample.midnight()?;
    let mut batch = Vec::new();
    for nth in 0..EVENTS {
        batch.push(scene.submission(&sample.numbered(nth % 100), midnight)?);
    }
    let answers = bench.store().ingest_batch(batch.clone()).await;
    let mut expected = Vec::new();
    for (submission, answer) in batch.iter().zip(answers) {
        expected.push(scene.record(submission, answer?.status).await?);
    }
    let query = window(midnight, later(midnight, 1)?, None);
    let whole = walk(bench, &query, EVENTS + 1).await?;
    same_set(&whole, &expected)?;
    for limit in [1, 7, 16, 60, 119, 120] {
        same_by(bench, &query, limit, &whole).await?;
    }
    Ok(())
}
