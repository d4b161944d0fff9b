//! Two hosts, a proxy before each service that loses, delays, repeats and refuses, and clients that retry.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use pik_aws::{AwsStore, Settings};
use pik_core::{Answer, IngestTime, Store, StoreError, Submission};

use crate::bench::AwsBench;
use crate::invariants::{self, Attempt};
use crate::proxy::{Fault, Proxy, Service};
use crate::stand;

/// What was sent, and what came back.
type Sent = (Submission, Result<Answer, StoreError>);

const EVENTS: u64 = 60;
/// Clients that send the same event at the same time.
const CLIENTS: u64 = 4;
const RETRIES: u64 = 6;
const AT_ONCE: usize = 24;

/// A client that ingests.
pub(crate) trait Host: Send + Sync + 'static {
    fn ingest(&self, submission: Submission) -> impl Future<Output = Result<Answer, StoreError>> + Send;
}

impl Host for AwsStore {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        Store::ingest(self, submission).await
    }
}

/// A bucket and a table, and the bad way to them.
pub(crate) struct Trouble {
    straight: Settings,
    pub(crate) through: Settings,
    s3: Proxy,
    dynamodb: Proxy,
}

impl Trouble {
    pub(crate) async fn new(test: &str) -> Result<Self> {
        let straight = stand::settings(test)?;
        drop(stand::made(straight.clone()).await?);
        let s3 = Proxy::before(Service::S3, straight.s3_endpoint.as_deref().unwrap_or_default()).await?;
        let dynamodb =
            Proxy::before(Service::DynamoDb, straight.dynamodb_endpoint.as_deref().unwrap_or_default()).await?;
        let through = Settings {
            s3_endpoint: Some(s3.url.clone()),
            dynamodb_endpoint: Some(dynamodb.url.clone()),
            // What is late here must be too late.
            patience: 1,
            ..straight.clone()
        };
        Ok(Self { straight, through, s3, dynamodb })
    }

    /// Sends the events while so much goes wrong.
    async fn send<H: Host>(
        &self,
        hosts: &[Arc<H>; 2],
        seed: u64,
        severity: u32,
        events: Range<u64>,
    ) -> Result<Vec<Sent>> {
        self.s3.go_wrong(seed, severity);
        self.dynamodb.go_wrong(seed.rotate_left(32), severity);
        // The clients of one event next to each other, so that they meet; not all events at once, as the point is not
        // to exhaust the stand-ins.
        let clients = events.flat_map(|number| (0..CLIENTS).map(move |client| (number, client)));
        let answered: Vec<Vec<Sent>> = stream::iter(clients)
            .map(|(number, client)| {
                let host = Arc::clone(&hosts[(client % 2) as usize]);
                // Some before midnight, some after it: an event must keep its first key.
                let arrives =
                    move |retry| IngestTime::from_unix_ms(1_767_052_799_997 + (client + retry) as i64).unwrap();
                tokio::spawn(async move { until_answered(&*host, number, arrives).await })
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        self.s3.go_right().await;
        self.dynamodb.go_right().await;
        Ok(answered.into_iter().flatten().collect())
    }

    /// A client that gave up comes back until there is an answer; then everything is looked at.
    async fn settle<H: Host>(self, host: &H, mut sent: Vec<Sent>, events: Range<u64>) -> Result<()> {
        for number in events {
            sent.extend(until_answered(host, number, |_| stand::at("2025-12-31T08:00:00.000Z")).await);
        }
        let bench = AwsBench::open(self.straight).await?;
        let attempts: Vec<_> = sent.into_iter().map(|(sent, answer)| Attempt::direct(sent, answer.ok())).collect();
        invariants::check(&bench, &attempts).await
    }

    /// A short run with many faults, and whether all that must hold does.
    pub(crate) async fn short_run<H: Host>(self, hosts: &[Arc<H>; 2], seed: u64) -> Result<()> {
        const EVENTS: u64 = 30;
        let sent = self.send(hosts, seed, 3, 0..EVENTS).await?;
        self.settle(&*hosts[0], sent, 0..EVENTS).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn nothing_is_lost_or_answered_wrongly() -> Result<()> {
    let seed = stand::seed();
    let trouble = Trouble::new("faults").await?;
    let stores =
        [Arc::new(stand::open(trouble.through.clone()).await?), Arc::new(stand::open(trouble.through.clone()).await?)];
    // First what the SDK's retries overcome, then what they give up on, so that clients have to come back.
    let mut sent = trouble.send(&stores, seed, 1, 0..EVENTS).await?;
    sent.extend(trouble.send(&stores, seed, 4, EVENTS..2 * EVENTS).await?);

    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, answer) in &sent {
        *outcomes.entry(answer.as_ref().map_or_else(StoreError::code, |answer| answer.status.as_str())).or_default() +=
            1;
    }
    let (s3, dynamodb) = (trouble.s3.met(), trouble.dynamodb.met());
    println!("{} attempts: {outcomes:?}", sent.len());
    println!("S3 met {s3:?}\nDynamoDB met {dynamodb:?}");
    assert!(outcomes.get("unavailable").is_some_and(|count| *count > 10), "hardly a client had to come back");
    for fault in [Fault::LostAnswer, Fault::FailedAfter, Fault::LateRequest, Fault::Conflict] {
        assert!(s3.contains_key(&fault), "{fault:?} was never tried");
    }
    assert!(dynamodb.contains_key(&Fault::LostAnswer) && dynamodb.contains_key(&Fault::LateRequest));

    trouble.settle(&*stores[0], sent, 0..2 * EVENTS).await
}

async fn until_answered<H: Host>(host: &H, number: u64, arrives: impl Fn(u64) -> IngestTime) -> Vec<Sent> {
    let mut attempts = Vec::new();
    for retry in 0..RETRIES {
        let submission = stand::attempt(number, arrives(retry));
        let answer = host.ingest(submission.clone()).await;
        let done = answer.is_ok();
        attempts.push((submission, answer));
        if done {
            break;
        }
    }
    attempts
}
