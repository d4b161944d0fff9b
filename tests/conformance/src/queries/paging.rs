//! Positions: whose they are, and what they are not good for.

use anyhow::{Result, ensure};
use pik_core::{Investigate, Position, Query, QueryError, Record};

use super::arrivals::window;
use super::scene::Scene;
use super::walk::walk;
use crate::QueryBench;
use crate::sample::{Draft, Sample, later};

/// One query of each kind, with several records each, and what shows one of each kind's neighbours.
async fn queries<B: QueryBench>(scene: &mut Scene<'_, B>) -> Result<Vec<(Query, Vec<Record>)>> {
    let sample = scene.sample;
    let midnight = sample.midnight()?;
    let mut first = None;
    for number in 0..6 {
        for entity in ["", "-other"] {
            let draft = Draft {
                source: format!("{}{entity}", sample.name()),
                entity_id: format!("{}{entity}", sample.name()),
                ..sample.numbered(number)
            };
            for again in 0..3 {
                let time = later(midnight, number as i64 * 10 + again)?;
                let record = scene.arrive(&draft, time).await?;
                first.get_or_insert(record.event_id);
            }
        }
    }
    let mut queries = Vec::new();
    for entity in ["", "-other"] {
        let (entity_id, source) = (format!("{}{entity}", sample.name()), format!("{}{entity}", sample.name()));
        queries.push(Query::Entity { entity_id, from: None, to: None, status: None });
        let event_date = "2025-12-28T00:00:00Z".parse()?;
        queries.push(Query::Lag { source, event_type: "heartbeat".to_owned(), event_date, min_lag_ms: None });
    }
    for (from, to) in [(0, 25), (25, 60)] {
        queries.push(window(later(midnight, from)?, later(midnight, to)?, None));
    }
    queries.extend(first.map(|event_id| Query::Duplicates { event_id }));
    let mut answered = Vec::new();
    for query in queries {
        let records = walk(scene.bench, &query, 100).await?;
        ensure!(records.len() > 1, "{query:?} has {} records", records.len());
        answered.push((query, records));
    }
    Ok(answered)
}

/// A position of one query shows nothing that does not belong to another.
pub(crate) async fn foreign_positions<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let queries = queries(&mut scene).await?;
    for (one, _) in &queries {
        let Some(position) = bench.store().records(one, None, 1).await?.next else {
            anyhow::bail!("a page of one record of several is the last");
        };
        for (other, records) in &queries {
            match bench.store().records(other, Some(&position), 100).await {
                Ok(page) => ensure!(
                    page.items.iter().all(|record| records.contains(record)),
                    "behind a position of {one:?}, {other:?} shows what is not its own"
                ),
                Err(QueryError::Position) => {}
                Err(error @ (QueryError::Store(_) | QueryError::Unanswered(_))) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// What was never a position is refused as such, whatever it looks like.
pub(crate) async fn broken_positions<B: QueryBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    for (query, records) in &queries(&mut scene).await? {
        let Some(position) = bench.store().records(query, None, 1).await?.next else {
            anyhow::bail!("a page of one record of several is the last");
        };
        let whole = position.as_str();
        let broken =
            ["", " ", "x", "{}", "null", "'; --", "\u{0}", &whole[1..], &format!("{whole} x"), &whole.repeat(2)]
                .map(str::to_owned);
        for text in broken {
            match bench.store().records(query, Some(&Position::new(text.clone())), 100).await {
                Err(QueryError::Position) => {}
                // It may happen to read as one.
                Ok(page) => ensure!(
                    !text.trim().is_empty() && page.items.iter().all(|record| records.contains(record)),
                    "`{text}` was taken for a position of {query:?}"
                ),
                Err(error @ (QueryError::Store(_) | QueryError::Unanswered(_))) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
