//! What every store must do.

use std::num::NonZeroU16;

use anyhow::{Result, ensure};
use pik_aws::{Provision, Settings, Verdict};
use pik_conformance::{run, run_queries, run_rejections, run_split, run_split_queries, run_without_event_times};
use pik_core::{Investigate, Order, Query, Range, Scope, Span};

use crate::bench::AwsBench;
use crate::stand;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn store_conforms() -> Result<()> {
    let settings = stand::settings("conformance")?;
    let mut bench = AwsBench::made(settings).await?;
    let report = run(&mut bench, stand::nonce(), None).await;
    println!("{report}");
    report.assert();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn halves_conform() -> Result<()> {
    let settings = stand::settings("halves")?;
    let bench = AwsBench::made(settings).await?;
    let report = run_split(&bench, stand::nonce(), None).await;
    println!("{report}");
    report.assert();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn store_answers() -> Result<()> {
    // A question asks each shard, and the stand-in answers one query after the other.
    let three = NonZeroU16::MIN.saturating_add(2);
    let settings = Settings { shards: three, ..stand::settings("answers")? };
    let mut bench = AwsBench::indexed(settings).await?;
    let report = run_queries(&mut bench, stand::nonce(), None).await;
    println!("{report}");
    report.assert();
    run_split_queries(&bench, stand::nonce(), None).await.assert();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn store_says_what_it_needs_for_event_times() -> Result<()> {
    let settings = stand::settings("unindexed")?;
    let bench = AwsBench::made(settings).await?;
    run_without_event_times(&bench, stand::nonce(), None).await.assert();
    // What came before the index is in it.
    let checks = bench.store.init(&Provision { event_time_index: true, ..Provision::default() }).await?;
    ensure!(checks.iter().any(|check| check.what.contains("by_event_time") && check.verdict == Verdict::Created));
    let again = bench.store.init(&Provision::default()).await?;
    ensure!(
        again.iter().any(|check| check.what.contains("by_event_time") && check.verdict == Verdict::Fine),
        "{again:?}"
    );
    let span = Span::EventTime { from: None, to: Some("9999-12-31T00:00:00Z".parse()?) };
    let all = Range { scope: Scope::All, span, order: Order::Descending, status: None };
    let page = bench.store.records(&Query::Range(all), None, 100).await?;
    ensure!(page.items.len() == 36 && page.next.is_none(), "{} records", page.items.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn store_keeps_evidence() -> Result<()> {
    let settings = stand::settings("evidence")?;
    let mut bench = AwsBench::made(settings).await?;
    for nonce in [stand::nonce(), stand::nonce()] {
        let report = run_rejections(&mut bench, nonce, None).await;
        println!("{report}");
        report.assert();
    }
    Ok(())
}
