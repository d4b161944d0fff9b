//! A bucket and a table of one test's own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use pik_aws::{AwsStore, Check, Provision, Settings, Verdict};
use pik_conformance::BenchClock;
use pik_core::{Event, IngestTime, Receipt, Submission};

/// Settings for a bucket and a table that do not exist yet.
pub(crate) fn settings(test: &str) -> Result<Settings> {
    let url = |name| std::env::var(name).with_context(|| format!("{name} is not set; run `cargo xtask test aws`"));
    let name = format!("pik-{test}-{:x}", nonce());
    Ok(Settings {
        // Stand-ins share this machine with the tests and whatever else runs on it.
        patience: 8,
        s3_endpoint: Some(url("PIK_TEST_S3_URL")?),
        dynamodb_endpoint: Some(url("PIK_TEST_DYNAMODB_URL")?),
        ..Settings::new(name.clone(), name)
    })
}

/// A store on a bucket and a table made for it.
pub(crate) async fn made(settings: Settings) -> Result<AwsStore> {
    provisioned(settings, &Provision::default()).await
}

pub(crate) async fn provisioned(settings: Settings, provision: &Provision) -> Result<AwsStore> {
    let store = open(settings).await?;
    let checks = store.init(provision).await?;
    let wrong: Vec<&Check> = checks.iter().filter(|check| matches!(check.verdict, Verdict::Differs { .. })).collect();
    anyhow::ensure!(wrong.is_empty(), "{wrong:?}");
    Ok(store)
}

/// A store that takes every attempt for a fresh one: those of tests arrive in 2025.
pub(crate) async fn open(settings: Settings) -> Result<AwsStore> {
    Ok(AwsStore::connect_with(settings, BenchClock::default().clock()).await?)
}

/// A number that no other call gets, here or in an earlier run.
pub(crate) fn nonce() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64);
    now.wrapping_mul(1000) + CALLS.fetch_add(1, Ordering::Relaxed)
}

/// What the faults of this run follow from.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("PIK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(nonce);
    println!("PIK_TEST_SEED={seed}");
    seed
}

/// An attempt to ingest the `number`th event, with a receipt of its own.
pub(crate) fn attempt(number: u64, arrived: IngestTime) -> Submission {
    let body = format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_{number}","event_time":"2025-12-28T23:59:59Z","payload":{{"steps":{number}}}}}"#
    );
    let event = Event::parse(body.as_bytes()).unwrap();
    Submission::new(&event, arrived, Receipt::new("f47ac10b-58cc-4372-a567-0e02b2c3d479", nonce(), 0))
}

pub(crate) fn at(time: &str) -> IngestTime {
    time.parse().unwrap()
}

/// Another attempt to ingest the same event at the same time.
pub(crate) fn attempt_again(first: &Submission) -> Submission {
    let event = Event::parse(&first.raw).unwrap();
    Submission::new(&event, first.ingest_time, Receipt::new("again", nonce(), 0))
}
