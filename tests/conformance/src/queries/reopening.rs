//! What was answered is answered again after a restart.

use anyhow::{Result, ensure};
use pik_core::{BucketWidth, Investigate, Query, StatsQuery};

use super::arrivals::window;
use super::scene::Scene;
use super::streams;
use super::walk::walk;
use crate::QueryBench;
use crate::sample::{Draft, Sample, later};

pub(crate) async fn same_answers<B: QueryBench>(bench: &mut B, sample: Sample) -> Result<()> {
    let midnight = sample.midnight()?;
    let happened = later(midnight, -5_000)?;
    let draft = |number: usize| -> Result<Draft> {
        let event_time = later(happened, number as i64)?.to_string();
        Ok(Draft { source: sample.name(), event_time, ..sample.numbered(number) })
    };
    let event_date = format!("{}T00:00:00Z", happened.date().as_str()).parse()?;
    let mut queries = vec![
        Query::Entity { entity_id: sample.name(), from: None, to: None, status: None },
        Query::Lag { source: sample.name(), event_type: "heartbeat".to_owned(), event_date, min_lag_ms: None },
        window(midnight, later(midnight, 1_000)?, None),
    ];
    let stats = StatsQuery::new(
        sample.name(),
        "heartbeat",
        happened.to_string().parse()?,
        midnight.to_string().parse()?,
        BucketWidth::Hour,
    );
    // Twice, because what the first start reads back is written by the second run.
    let mut before = Vec::new();
    for run in 0..3 {
        let after: Vec<_> = ask(bench, sample, &queries, &stats).await?;
        if run > 0 {
            ensure!(after == before, "after the restart {run}: {before:?} became {after:?}");
        }
        let mut scene = Scene::new(bench, Sample::new(["run0", "run1", "run2"][run], sample.nonce()));
        for number in 0..20 {
            let record =
                scene.arrive(&draft(run * 100 + number)?, later(midnight, (run * 100 + number) as i64)?).await?;
            scene.arrive(&draft(run * 100 + number)?, later(midnight, 500 + (run * 100 + number) as i64)?).await?;
            if run == 0 && number == 0 {
                queries.push(Query::Duplicates { event_id: record.event_id });
            }
        }
        before = ask(bench, sample, &queries, &stats).await?;
        bench.reopen().await?;
    }
    ensure!(ask(bench, sample, &queries, &stats).await? == before, "the last restart changed an answer");
    ensure!(before[0].starts_with("120 "), "{}", before[0]);
    ensure!(before[4].contains("accepted: 60, duplicate: 60"), "{}", before[4]);
    Ok(())
}

async fn ask<B: QueryBench>(bench: &B, sample: Sample, queries: &[Query], stats: &StatsQuery) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for query in queries {
        let records = walk(bench, query, 50).await?;
        answers.push(format!("{} {records:?}", records.len()));
    }
    answers.push(format!("{:?}", bench.store().stats(stats).await?));
    answers.push(format!("{:?}", streams::own(bench, sample, 1_000).await?));
    Ok(answers)
}
