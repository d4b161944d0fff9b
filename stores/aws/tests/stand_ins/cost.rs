//! What an event costs, counted: the calls that reach the services, and the write units of what they carry.

use anyhow::{Context, Result, ensure};
use pik_aws::{AwsStore, BY_EVENT_TIME, Settings};
use pik_core::{Event, Outcome, Receipt, Store, Submission};
use serde_json::Value;

use crate::proxy::{Exchange, Proxy, Service};
use crate::stand;
use crate::units::{index_write_units, is_in, size, told, write_units};

#[derive(Debug, PartialEq, Eq)]
struct Cost {
    /// Of each call to DynamoDB, the units in the table and in the indexes.
    write_units: Vec<(usize, usize)>,
    /// The largest item that is left.
    item_bytes: usize,
    s3_calls: usize,
}

impl Cost {
    fn units(&self) -> usize {
        self.write_units.iter().map(|(table, indexes)| table + indexes).sum()
    }
}

/// A store behind two proxies that count.
struct Counted {
    store: AwsStore,
    s3: Proxy,
    dynamodb: Proxy,
}

impl Counted {
    async fn new(test: &str) -> Result<Self> {
        let straight = stand::settings(test)?;
        drop(stand::made(straight.clone()).await?);
        let s3 = Proxy::before(Service::S3, straight.s3_endpoint.as_deref().unwrap_or_default()).await?;
        let dynamodb =
            Proxy::before(Service::DynamoDb, straight.dynamodb_endpoint.as_deref().unwrap_or_default()).await?;
        let through =
            Settings { s3_endpoint: Some(s3.url.clone()), dynamodb_endpoint: Some(dynamodb.url.clone()), ..straight };
        dynamodb.meter();
        Ok(Self { store: stand::open(through).await?, s3, dynamodb })
    }

    /// The calls to DynamoDB of one arrival, and how many to S3.
    async fn arrive(&self, event: &Event<'_>, outcome: Outcome) -> Result<(Vec<Exchange>, usize)> {
        let receipt = Receipt::new("f47ac10b-58cc-4372-a567-0e02b2c3d479", stand::nonce(), 0);
        let submission = Submission::new(event, stand::at("2025-12-29T20:15:35.580Z"), receipt);
        ensure!(self.store.ingest(submission).await?.status == outcome);
        let s3 = self.s3.take_calls();
        ensure!(s3.keys().all(|call| *call == ("PUT".to_owned(), 200)), "{s3:?}");
        Ok((self.dynamodb.take_exchanges(), s3.values().sum()))
    }

    /// The item of the first occurrence, as it is now.
    async fn first(&self, event: &Event<'_>) -> Result<Value> {
        self.store.find(event.id()).await?;
        let found = self.dynamodb.take_exchanges().pop().context("no call")?;
        Ok(found.answer["Item"].clone())
    }
}

/// Checks that a call cost what the service says, if it says so.
fn agreed(exchange: &Exchange, units: (usize, usize)) -> Result<(usize, usize)> {
    let told = told(exchange);
    ensure!(told.is_none_or(|told| told == (units.0 + units.1) as f64), "{units:?}, and the service says {told:?}");
    Ok(units)
}

/// Ingests the event twice and counts both times.
async fn costs(test: &str, body: &str) -> Result<(Cost, Cost)> {
    let counted = Counted::new(test).await?;
    let event = Event::parse(body.as_bytes()).unwrap();

    let (calls, s3_calls) = counted.arrive(&event, Outcome::Accepted).await?;
    let [note, claim, commit] = &calls[..] else { anyhow::bail!("{} calls", calls.len()) };
    // Once for each host and stream.
    ensure!((note.call.as_str(), note.status) == ("PutItem", 200));
    ensure!(write_units(&note.request["Item"]) == 1 && index_write_units(&note.request["Item"]) == 0);
    ensure!((claim.call.as_str(), claim.status) == ("PutItem", 200));
    ensure!((commit.call.as_str(), commit.status) == ("UpdateItem", 200));
    let claimed = &claim.request["Item"];
    ensure!(index_write_units(claimed) == 0, "a claim is in an index");
    let first = counted.first(&event).await?;
    // One write more where the table has this index.
    ensure!(is_in(&BY_EVENT_TIME, &first) && !is_in(&BY_EVENT_TIME, claimed));
    ensure!(told(claim).is_some() && told(commit).is_some(), "the service does not say what a write costs");
    let write_units_of_accepted = vec![
        agreed(claim, (write_units(claimed), 0))?,
        // The larger of before and after; the claim was in no index.
        agreed(commit, (write_units(&first).max(write_units(claimed)), index_write_units(&first)))?,
    ];
    let accepted = Cost { write_units: write_units_of_accepted, item_bytes: size(&first), s3_calls };

    let (calls, s3_calls) = counted.arrive(&event, Outcome::Duplicate).await?;
    let [refused, put] = &calls[..] else { anyhow::bail!("{} calls", calls.len()) };
    ensure!((refused.call.as_str(), refused.status) == ("PutItem", 400));
    ensure!((put.call.as_str(), put.status) == ("PutItem", 200));
    let record = &put.request["Item"];
    ensure!(!is_in(&BY_EVENT_TIME, record));
    let write_units_of_duplicate = vec![
        // A refused condition is paid like a write of the item that is there.
        agreed(refused, (write_units(&refused.answer["Item"]), 0))?,
        agreed(put, (write_units(record), index_write_units(record)))?,
    ];
    let duplicate = Cost { write_units: write_units_of_duplicate, item_bytes: size(record), s3_calls };
    Ok((accepted, duplicate))
}

#[tokio::test]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn an_event_costs_few_write_units_and_one_put() -> Result<()> {
    let example = r#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#;
    // Of the lengths that names have in practice: ids that are UUIDs, milliseconds, a bucket with account and region.
    let usual = r#"{"source":"checkout-service","event_type":"order.payment_authorized","entity_id":"0b6f5c1e-6c61-4f4b-9a55-1d9d2a1a1f5e","event_time":"2025-12-28T23:59:59.123Z","payload":{"steps":10}}"#;
    for (name, body) in [("cost-example", example), ("cost-123456789012-eu-west-1", usual)] {
        let (accepted, duplicate) = costs(name, body).await?;
        println!("{name}: accepted {accepted:?}, duplicate {duplicate:?}");
        ensure!(accepted.units() <= 6 && accepted.s3_calls == 1, "{accepted:?}");
        ensure!(duplicate.units() <= 4 && duplicate.s3_calls == 0, "{duplicate:?}");
    }

    let longest = format!(
        r#"{{"source":"{s}","event_type":"{s}","entity_id":"{e}","event_time":"2025-12-28T23:59:59.123456789Z","payload":{{}}}}"#,
        s = "s".repeat(240),
        e = "e".repeat(1024),
    );
    let (accepted, duplicate) = costs("cost-longest", &longest).await?;
    println!("longest: accepted {accepted:?}, duplicate {duplicate:?}");
    ensure!(accepted.s3_calls == 1 && duplicate.s3_calls == 0);
    ensure!(accepted.units() <= 19 && duplicate.units() <= 16);
    Ok(())
}
