//! A retry that crosses midnight finds the first attempt's key.

use anyhow::{Result, ensure};
use pik_conformance::{Bench, SplitBench};
use pik_core::{Claim, Ledger, Outcome, Put, RawStore, Store};

use crate::bench::AwsBench;
use crate::stand;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn an_event_keeps_its_first_key() -> Result<()> {
    let settings = stand::settings("midnight")?;
    let bench = AwsBench::made(settings).await?;
    for (number, object_was_there) in [(1, false), (2, true)] {
        let before = stand::attempt(number, stand::at("2025-12-29T23:59:59.999Z"));
        let claim = before.claim(&bench.settings.bucket);
        ensure!(bench.ledger().claim(&claim).await? == Claim::New);
        if object_was_there {
            ensure!(bench.raw_store().create(&claim, before.raw.clone()).await? == Put::Created);
        }
        // There the first attempt died. Its sender comes back the next day.
        let after = stand::attempt(number, stand::at("2025-12-30T00:00:00.001Z"));
        let answer = bench.store.ingest(after.clone()).await?;
        ensure!(answer.status == Outcome::Accepted, "{answer:?}");
        ensure!(answer.raw_key == before.raw_key && answer.raw_key != after.raw_key, "{answer:?}");
        ensure!(answer.ingest_lag_ms == before.ingest_lag_ms, "{answer:?}");
        ensure!(bench.objects(&before.event_id).await?.len() == 1);
    }
    Ok(())
}
