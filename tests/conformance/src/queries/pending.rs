//! Claims that were not finished are never shown.

use anyhow::{Result, ensure};
use pik_core::{BucketWidth, Investigate, Ledger, Query, RawStore, Receipt, Record, StatsQuery, Status};

use super::arrivals::window;
use super::scene::Scene;
use super::walk::expect;
use crate::sample::{Draft, Sample, later};
use crate::{QueryBench, SplitBench};

pub(crate) async fn never_shown<B: QueryBench + SplitBench>(bench: &B, sample: Sample) -> Result<()> {
    let mut scene = Scene::new(bench, sample);
    let midnight = sample.midnight()?;
    let event_time = later(midnight, -7)?.to_string();
    let draft = Draft { source: sample.name(), event_time: event_time.clone(), ..sample.draft() };
    let submission = scene.submission(&draft, midnight)?;
    let claim = submission.claim(bench.ledger().raw_bucket());
    let queries = [
        Query::Entity { entity_id: sample.name(), from: None, to: None, status: None },
        Query::Lag {
            source: sample.name(),
            event_type: draft.event_type.clone(),
            event_date: format!("{}T00:00:00Z", claim.event_time.date().as_str()).parse()?,
            min_lag_ms: None,
        },
        window(later(midnight, -1_000)?, later(midnight, 1_000)?, None),
        Query::Duplicates { event_id: claim.event_id },
    ];
    let stats = StatsQuery::new(
        sample.name(),
        draft.event_type,
        event_time.parse()?,
        midnight.to_string().parse()?,
        BucketWidth::Hour,
    );

    bench.ledger().claim(&claim).await?;
    for left in ["a claim", "a claim and its object"] {
        for query in &queries {
            expect(bench, query, &[]).await.map_err(|error| error.context(format!("after {left}")))?;
        }
        let buckets = bench.store().stats(&stats).await?;
        ensure!(buckets.len() == 1 && buckets[0].accepted == 0, "{left} was counted: {buckets:?}");
        bench.raw_store().create(&claim, submission.raw.clone()).await?;
    }

    let receipt = Receipt::new("finished", sample.nonce(), 0);
    let accepted = Record { status: Status::Accepted, receipt, ..claim };
    bench.ledger().commit(&accepted).await?;
    for query in &queries[..3] {
        expect(bench, query, std::slice::from_ref(&accepted)).await?;
    }
    let buckets = bench.store().stats(&stats).await?;
    ensure!(buckets.len() == 1 && buckets[0].accepted == 1, "it was not counted: {buckets:?}");
    Ok(())
}
