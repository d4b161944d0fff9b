//! What every store must do.

use anyhow::Result;
use pik_conformance::{run, run_queries, run_rejections, run_split, run_split_queries};

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
    let settings = stand::settings("answers")?;
    let mut bench = AwsBench::made(settings).await?;
    let report = run_queries(&mut bench, stand::nonce(), None).await;
    println!("{report}");
    report.assert();
    run_split_queries(&bench, stand::nonce(), None).await.assert();
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
