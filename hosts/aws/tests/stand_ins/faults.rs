//! Two hosts, a proxy before each service that loses, delays, repeats and refuses, and clients that retry.

use std::collections::BTreeMap;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn nothing_is_lost_or_answered_wrongly() -> Result<()> {
    let seed = stand::seed();
    let straight = stand::settings("faults")?;
    drop(stand::made(straight.clone()).await?);
    let s3 = Proxy::before(Service::S3, straight.s3_endpoint.as_deref().unwrap_or_default()).await?;
    let dynamodb = Proxy::before(Service::DynamoDb, straight.dynamodb_endpoint.as_deref().unwrap_or_default()).await?;
    let through = Settings {
        s3_endpoint: Some(s3.url.clone()),
        dynamodb_endpoint: Some(dynamodb.url.clone()),
        // What is late here must be too late.
        patience: 1,
        ..straight.clone()
    };
    let hosts = [through.clone(), through].map(|settings| tokio::spawn(AwsStore::connect(settings)));
    let mut stores = Vec::new();
    for host in hosts {
        stores.push(Arc::new(host.await??));
    }

    let mut sent: Vec<Sent> = Vec::new();
    // First what the SDK's retries overcome, then what they give up on, so that clients have to come back.
    for (severity, events) in [(1, 0..EVENTS), (4, EVENTS..2 * EVENTS)] {
        s3.go_wrong(seed, severity);
        dynamodb.go_wrong(seed.rotate_left(32), severity);
        // The clients of one event next to each other, so that they meet; not all events at once, as the point is not
        // to exhaust the stand-ins.
        let clients = events.flat_map(|number| (0..CLIENTS).map(move |client| (number, client)));
        let answered: Vec<Vec<Sent>> = stream::iter(clients)
            .map(|(number, client)| {
                let store = Arc::clone(&stores[(client % 2) as usize]);
                tokio::spawn(send_until_answered(store, number, client))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        sent.extend(answered.into_iter().flatten());
    }
    s3.go_right().await;
    dynamodb.go_right().await;

    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, answer) in &sent {
        *outcomes.entry(answer.as_ref().map_or_else(StoreError::code, |answer| answer.status.as_str())).or_default() +=
            1;
    }
    println!("{} attempts: {outcomes:?}", sent.len());
    println!("S3 met {:?}\nDynamoDB met {:?}", s3.met(), dynamodb.met());
    assert!(outcomes.get("unavailable").is_some_and(|count| *count > 10), "hardly anybody had to come back");
    for fault in [Fault::LostAnswer, Fault::FailedAfter, Fault::LateRequest, Fault::Conflict] {
        assert!(s3.met().contains_key(&fault), "{fault:?} was never tried");
    }
    assert!(dynamodb.met().contains_key(&Fault::LostAnswer) && dynamodb.met().contains_key(&Fault::LateRequest));

    // The senders that gave up come back once more.
    for number in 0..2 * EVENTS {
        let again = stand::attempt(number, stand::at("2025-12-31T08:00:00.000Z"));
        let answer = stores[0].ingest(again.clone()).await;
        assert!(answer.is_ok(), "{answer:?}");
        sent.push((again, answer));
    }
    let bench = AwsBench::new(AwsStore::connect(straight.clone()).await?, straight).await;
    let attempts: Vec<_> = sent.into_iter().map(|(sent, answer)| Attempt::direct(sent, answer.ok())).collect();
    invariants::check(&bench, &attempts).await
}

async fn send_until_answered(store: Arc<AwsStore>, number: u64, client: u64) -> Vec<Sent> {
    let mut attempts = Vec::new();
    for retry in 0..RETRIES {
        // Some before midnight, some after it: an event must keep its first key.
        let arrived = IngestTime::from_unix_ms(1_767_052_799_997 + (client + retry) as i64).unwrap();
        let submission = stand::attempt(number, arrived);
        let answer = store.ingest(submission.clone()).await;
        let done = answer.is_ok();
        attempts.push((submission, answer));
        if done {
            break;
        }
    }
    attempts
}
