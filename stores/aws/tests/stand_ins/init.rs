//! Making bucket and table, and telling how they differ.

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ProvisionedThroughput, ScalarAttributeType,
};
use pik_aws::{AwsStore, Check, Clients, Provision, Verdict};
use pik_core::{Obstacle, Store, StoreError};

use crate::stand;

fn verdict<'a>(checks: &'a [Check], what: &str) -> Result<&'a Verdict> {
    let last = checks.iter().rev().find(|check| check.what.starts_with(what));
    Ok(&last.with_context(|| format!("no check of {what} in {checks:?}"))?.verdict)
}

#[tokio::test]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn makes_what_is_missing_and_nothing_twice() -> Result<()> {
    let store = AwsStore::connect(stand::settings("init")?).await?;
    let ready = store.ready().await;
    ensure!(matches!(ready, Err(StoreError::Blocked(Obstacle::Missing, _))), "without bucket and table: {ready:?}");

    let checks = store.init(&Provision { object_lock_days: Some(1), ..Provision::default() }).await?;
    for check in &checks {
        println!("{check}");
    }
    ensure!(checks.iter().any(|check| check.what.starts_with("bucket `") && check.verdict == Verdict::Created));
    ensure!(checks.iter().any(|check| check.what.starts_with("table `") && check.verdict == Verdict::Created));
    let wrong = |checks: &[Check]| checks.iter().any(|check| matches!(check.verdict, Verdict::Differs { .. }));
    ensure!(!wrong(&checks), "{checks:?}");
    store.ready().await?;

    let again = store.init(&Provision { object_lock_days: Some(1), ..Provision::default() }).await?;
    ensure!(!wrong(&again), "{again:?}");
    ensure!(again.iter().all(|check| check.verdict != Verdict::Created), "{again:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn names_each_difference_and_changes_nothing() -> Result<()> {
    let settings = stand::settings("differs")?;
    let clients = Clients::from_environment(&settings).await;
    clients.s3.create_bucket().bucket(&settings.bucket).send().await?;
    let string =
        |name: &str| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
    clients
        .dynamodb
        .create_table()
        .table_name(&settings.table)
        .billing_mode(BillingMode::Provisioned)
        .provisioned_throughput(
            ProvisionedThroughput::builder().read_capacity_units(5).write_capacity_units(5).build()?,
        )
        .attribute_definitions(string("id")?)
        .key_schema(KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build()?)
        .send()
        .await?;

    let store = AwsStore::connect(settings).await?;
    for _ in 0..2 {
        let checks = store.init(&Provision::default()).await?;
        for check in &checks {
            println!("{check}");
        }
        let differs = |what: &str, wanted: &str, found: &str| -> Result<()> {
            let expected = Verdict::Differs { wanted: wanted.into(), found: found.into() };
            let verdict = verdict(&checks, what)?;
            ensure!(*verdict == expected, "{what}: {verdict:?}");
            Ok(())
        };
        differs("bucket versioning", "Enabled", "never enabled")?;
        differs("table key", "event_id (S), kind (S)", "id (S), none (?)")?;
        differs("table billing", "PAY_PER_REQUEST", "PROVISIONED")?;
        differs("table index `by_lag`", "lag_partition (S), ingest_lag_ms (N), projecting ALL", "missing")?;
        differs("table point-in-time recovery", "ENABLED", "DISABLED")?;
    }
    Ok(())
}
