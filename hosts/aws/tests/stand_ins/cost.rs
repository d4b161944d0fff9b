//! What an event costs, counted: the calls that reach the services, and the write units of what they leave.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use pik_aws::{AwsStore, BY_ENTITY, BY_INGEST, BY_LAG, Index, Settings};
use pik_core::{Event, Outcome, Receipt, Store, Submission};

use crate::bench::AwsBench;
use crate::proxy::{Proxy, Service};
use crate::stand;

type Item = HashMap<String, AttributeValue>;

/// DynamoDB's rule for an item's size: names and strings as UTF-8, numbers a byte for two digits and one more.
fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => {
            digits.trim_start_matches('-').len().div_ceil(2) + 1 + digits.contains('-') as usize
        }
        other => panic!("no record has {other:?}"),
    };
    item.iter().map(|(name, content)| name.len() + value(content)).sum()
}

/// A write unit is a kilobyte begun.
fn units(item: &Item) -> usize {
    size(item).div_ceil(1024)
}

/// An item takes a write in each index whose two keys it has: all of it, as the indexes project all.
fn index_units(item: &Item) -> usize {
    let has = |index: &Index| item.contains_key(index.partition) && item.contains_key(index.sort);
    [BY_ENTITY, BY_LAG, BY_INGEST].iter().filter(|index| has(index)).count() * units(item)
}

#[derive(Debug, PartialEq, Eq)]
struct Cost {
    write_units: usize,
    item_bytes: usize,
    s3_calls: usize,
}

/// Ingests the event twice and counts both times.
async fn costs(test: &str, body: &str) -> Result<(Cost, Cost)> {
    let straight = stand::settings(test)?;
    drop(stand::made(straight.clone()).await?);
    let s3 = Proxy::before(Service::S3, straight.s3_endpoint.as_deref().unwrap_or_default()).await?;
    let dynamodb = Proxy::before(Service::DynamoDb, straight.dynamodb_endpoint.as_deref().unwrap_or_default()).await?;
    let through = Settings {
        s3_endpoint: Some(s3.url.clone()),
        dynamodb_endpoint: Some(dynamodb.url.clone()),
        ..straight.clone()
    };
    let bench = AwsBench::new(AwsStore::connect(through).await?, straight).await;
    let event = Event::parse(body.as_bytes()).unwrap();
    let calls = |calls: &[(&str, u16)]| -> BTreeMap<(String, u16), usize> {
        calls.iter().map(|(name, status)| (((*name).to_owned(), *status), 1)).collect()
    };
    let arrive = async |outcome: Outcome| -> Result<()> {
        let receipt = Receipt::new("f47ac10b-58cc-4372-a567-0e02b2c3d479", stand::nonce(), 0);
        let submission = Submission::new(&event, stand::at("2025-12-29T20:15:35.580Z"), receipt);
        ensure!(bench.store.ingest(submission).await?.status == outcome);
        Ok(())
    };

    arrive(Outcome::Accepted).await?;
    ensure!(dynamodb.take_calls() == calls(&[("PutItem", 200), ("UpdateItem", 200)]));
    let puts = s3.take_calls();
    ensure!(puts == calls(&[("PUT", 200)]), "{puts:?}");
    let items = bench.items(event.id()).await?;
    ensure!(items.len() == 1);
    let first = &items[0];
    let mut claim = first.clone();
    claim.retain(|name, _| {
        !["entity_order", "lag_partition", "ingest_partition", "ingest_order"].contains(&name.as_str())
    });
    ensure!(index_units(&claim) == 0, "a claim is in an index");
    let accepted = Cost {
        // The claim, then the commit at the size after it, in the table and in each index.
        write_units: units(&claim) + units(first) + index_units(first),
        item_bytes: size(first),
        s3_calls: puts.values().sum(),
    };

    arrive(Outcome::Duplicate).await?;
    // 400 is the claim whose condition failed; it is paid for like a write of the item that is there.
    let counted = dynamodb.take_calls();
    ensure!(counted == calls(&[("PutItem", 400), ("PutItem", 200)]), "{counted:?}");
    let items = bench.items(event.id()).await?;
    let record = items.iter().find(|item| item["kind"] != AttributeValue::S("EVENT".into())).unwrap();
    let duplicate = Cost {
        write_units: units(first) + units(record) + index_units(record),
        item_bytes: size(record),
        s3_calls: s3.take_calls().values().sum(),
    };
    Ok((accepted, duplicate))
}

#[tokio::test]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn an_event_costs_few_write_units_and_one_put() -> Result<()> {
    let usual = r#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#;
    let (accepted, duplicate) = costs("cost-raw-123456789012-eu-west-1", usual).await?;
    println!("usual: accepted {accepted:?}, duplicate {duplicate:?}");
    ensure!(accepted.write_units <= 6 && accepted.s3_calls == 1, "{accepted:?}");
    ensure!(duplicate.write_units <= 4 && duplicate.s3_calls == 0, "{duplicate:?}");

    let longest = format!(
        r#"{{"source":"{s}","event_type":"{s}","entity_id":"{e}","event_time":"2025-12-28T23:59:59.123456789Z","payload":{{}}}}"#,
        s = "s".repeat(240),
        e = "e".repeat(1024),
    );
    let (accepted, duplicate) = costs("cost-longest", &longest).await?;
    println!("longest: accepted {accepted:?}, duplicate {duplicate:?}");
    ensure!(accepted.s3_calls == 1 && duplicate.s3_calls == 0);
    Ok(())
}
