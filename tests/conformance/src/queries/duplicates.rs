//! The later occurrences of one event.

use anyhow::Result;
use pik_core::Query;

use super::scene::Scene;
use super::walk::{expect, same_by, same_set, walk};
use crate::QueryBench;
use crate::sample::{Sample, at, later};

pub(crate) async fn by_arrival<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let start = at("2025-12-29T23:59:59.000Z")?;
    let first = scene.arrive(&sample.numbered(0), start).await?;
    let mut others = vec![scene.arrive(&sample.numbered(1), start).await?];
    let mut records = Vec::new();
    for nth in 0..12 {
        records.push(scene.arrive(&sample.numbered(0), later(start, nth * 333)?).await?);
        if nth % 3 == 0 {
            others.push(scene.arrive(&sample.numbered(1), later(start, nth)?).await?);
        }
    }
    expect(bench, &Query::Duplicates { event_id: first.event_id }, &records).await?;
    expect(bench, &Query::Duplicates { event_id: others[0].event_id }, &others[1..]).await
}

pub(crate) async fn none<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let time = at("2025-12-29T23:59:59.000Z")?;
    let alone = scene.arrive(&sample.numbered(0), time).await?;
    let unknown = scene.submission(&sample.numbered(1), time)?;
    for event_id in [alone.event_id, unknown.event_id] {
        expect(bench, &Query::Duplicates { event_id }, &[]).await?;
    }
    Ok(())
}

pub(crate) async fn one_moment<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    const OCCURRENCES: usize = 25;
    let mut scene = Scene::new(bench, sample);
    let time = at("2025-12-29T23:59:59.000Z")?;
    let mut records = Vec::new();
    for _ in 0..OCCURRENCES {
        records.push(scene.arrive(&sample.draft(), time).await?);
    }
    let query = Query::Duplicates { event_id: records[0].event_id };
    let whole = walk(bench, &query, OCCURRENCES).await?;
    same_set(&whole, &records[1..])?;
    for limit in 1..OCCURRENCES {
        same_by(bench, &query, limit, &whole).await?;
    }
    Ok(())
}
