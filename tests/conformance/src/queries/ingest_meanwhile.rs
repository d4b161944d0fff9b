//! Paging while events arrive: whatever was there at the start is shown once, in its place.

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join;
use pik_core::{IngestTime, Query, Record, Store};

use super::arrivals::window;
use super::scene::Scene;
use super::walk::{same, walk, walk_while};
use crate::QueryBench;
use crate::sample::{Draft, Sample, at, later};

const AT_THE_START: usize = 30;

/// Checks that `found` has every record of `start` once and in its order, and nothing else twice.
fn complete(found: &[Record], start: &[Record]) -> Result<()> {
    let kept: Vec<Record> = found.iter().filter(|record| start.contains(record)).cloned().collect();
    same(&kept, start).context("of what was there at the start")?;
    let mut receipts: Vec<_> = found.iter().map(|record| &record.receipt).collect();
    receipts.sort();
    receipts.dedup();
    ensure!(receipts.len() == found.len(), "{} records are shown {} times", receipts.len(), found.len());
    Ok(())
}

/// Walks the query by several page sizes, and between any two pages sends one more event.
async fn between_pages<B: QueryBench>(
    scene: &mut Scene<'_, B>,
    query: &Query,
    mut newcomer: impl FnMut(usize) -> Result<(Draft, IngestTime)>,
) -> Result<()> {
    let bench = scene.bench;
    let mut number = 0;
    for limit in [1, 4, 7] {
        let start = walk(bench, query, 1_000).await?;
        ensure!(start.len() >= AT_THE_START, "{} at the start", start.len());
        let found = walk_while(bench, query, limit, async || {
            // Enough to be met everywhere, too few to go on for ever.
            if number < 60 * limit {
                number += 1;
                let (draft, time) = newcomer(number)?;
                scene.arrive(&draft, time).await?;
            }
            Ok(())
        })
        .await?;
        complete(&found, &start)?;
    }
    // And at the same time, for stores that do several things at once.
    let start = walk(bench, query, 1_000).await?;
    let mut batches = Vec::new();
    for _ in 0..20 {
        number += 1;
        let (draft, time) = newcomer(number)?;
        batches.push(scene.submission(&draft, time)?);
    }
    let ingest = async {
        for submission in batches {
            bench.store().ingest(submission).await?;
        }
        Ok(())
    };
    let (found, ()) = try_join(walk(bench, query, 3), ingest).await?;
    complete(&found, &start)
}

pub(crate) async fn by_entity<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    let event = |number: usize| Draft {
        event_time: format!("2025-12-28T23:{:02}:{:02}Z", number * 7 % 60, number * 11 % 60),
        ..sample.numbered(number)
    };
    for number in 0..AT_THE_START {
        scene.arrive(&event(number), later(start, number as i64)?).await?;
    }
    let query = Query::Entity { entity_id: sample.name(), from: None, to: None, status: None };
    // Some new, some duplicates of what was there.
    between_pages(&mut scene, &query, |number| Ok((event(number * 13 % 97), later(start, 1_000 + number as i64)?)))
        .await
}

pub(crate) async fn by_lag<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2025-12-28T23:59:59.000Z")?;
    let event = |number: usize| Draft { source: sample.name(), ..sample.numbered(number) };
    for number in 0..AT_THE_START {
        scene.arrive(&event(number), later(start, (number % 8) as i64)?).await?;
    }
    let query = Query::Lag {
        source: sample.name(),
        event_type: "heartbeat".to_owned(),
        event_date: "2025-12-28T00:00:00Z".parse()?,
        min_lag_ms: None,
    };
    // Among the same lags, so that new ones land beside every position.
    between_pages(&mut scene, &query, |number| Ok((event(1_000 + number), later(start, (number % 10) as i64 - 1)?)))
        .await
}

pub(crate) async fn by_arrival<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let midnight = sample.midnight()?;
    for number in 0..AT_THE_START {
        scene.arrive(&sample.numbered(number), later(midnight, (number % 8) as i64 - 4)?).await?;
    }
    let query = window(later(midnight, -100)?, later(midnight, 100)?, None);
    // In the same milliseconds, as late commits of early requests are.
    between_pages(&mut scene, &query, |number| {
        Ok((sample.numbered(1_000 + number * 7 % 50), later(midnight, (number % 10) as i64 - 5)?))
    })
    .await
}

pub(crate) async fn by_event<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2026-01-01T00:00:00.000Z")?;
    let first = scene.arrive(&sample.draft(), start).await?;
    for number in 0..AT_THE_START {
        scene.arrive(&sample.draft(), later(start, number as i64 / 2)?).await?;
    }
    let query = Query::Duplicates { event_id: first.event_id };
    between_pages(&mut scene, &query, |number| Ok((sample.draft(), later(start, 100 + number as i64)?))).await
}
