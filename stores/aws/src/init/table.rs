//! The table of the records.

use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus,
    Projection, ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
    TimeToLiveStatus,
};
use pik_core::StoreError;

use super::{Check, Provision, is_unsupported};
use crate::AwsStore;
use crate::failure::store_error;
use crate::rejections::EXPIRES;
use crate::schema::{BY_EVENT_TIME, EVENT_ID, INDEXES, Index, KIND};

/// How long a new table may take to become active. DynamoDB needs seconds.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn init(store: &AwsStore, provision: &Provision) -> Result<Vec<Check>, StoreError> {
    let name = format!("table `{}`", store.settings.table);
    let mut checks = Vec::new();
    match describe(store).await? {
        Some(_) => checks.push(Check::compared(name, "there", "there")),
        None => {
            create(store).await?;
            checks.push(Check::created(name));
            recover_points_in_time(store, &mut checks).await?;
            expire_evidence(store, &mut checks).await?;
        }
    }
    let table = active(store).await?;
    compare(&table, &mut checks);
    if has(&table, &BY_EVENT_TIME) {
        checks.push(compare_index(&table, &BY_EVENT_TIME));
    } else if provision.event_time_index {
        add_index(store, &BY_EVENT_TIME).await?;
        checks.push(Check::created(format!("table index `{}`, which DynamoDB now fills", BY_EVENT_TIME.name)));
    }
    compare_recovery(store, &mut checks).await?;
    compare_expiry(store, &mut checks).await?;
    Ok(checks)
}

async fn describe(store: &AwsStore) -> Result<Option<TableDescription>, StoreError> {
    match store.clients.dynamodb.describe_table().table_name(&store.settings.table).send().await {
        Ok(found) => Ok(found.table),
        Err(error) => match error.as_service_error() {
            Some(DescribeTableError::ResourceNotFoundException(_)) => Ok(None),
            Some(_) | None => Err(store_error("describe table", store.on_table(), error)),
        },
    }
}

async fn active(store: &AwsStore) -> Result<TableDescription, StoreError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(table) = describe(store).await?
            && table.table_status() == Some(&TableStatus::Active)
        {
            return Ok(table);
        }
        if tokio::time::Instant::now() > deadline {
            let seconds = PATIENCE.as_secs();
            return Err(StoreError::Unavailable(format!("the table is not active after {seconds} s; run init again")));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn create(store: &AwsStore) -> Result<(), StoreError> {
    let definition = Definition::new().map_err(|error| StoreError::Internal(error.to_string()))?;
    let create = store
        .clients
        .dynamodb
        .create_table()
        .table_name(&store.settings.table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(definition.attributes))
        .set_key_schema(Some(definition.key))
        .set_global_secondary_indexes(Some(definition.indexes));
    match create.send().await {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            Some(CreateTableError::ResourceInUseException(_)) => Ok(()),
            Some(_) | None => Err(store_error("create table", store.on_table(), error)),
        },
    }
}

/// The schema in the SDK's terms.
struct Definition {
    attributes: Vec<AttributeDefinition>,
    key: Vec<KeySchemaElement>,
    indexes: Vec<GlobalSecondaryIndex>,
}

impl Definition {
    fn new() -> Result<Self, BuildError> {
        let mut attributes = vec![attribute(EVENT_ID, false)?, attribute(KIND, false)?];
        let mut indexes = Vec::new();
        for index in INDEXES {
            attributes.push(attribute(index.partition, false)?);
            attributes.push(attribute(index.sort, index.numeric)?);
            let whole = Projection::builder().projection_type(ProjectionType::All).build();
            let definition = GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(key(index.partition, index.sort)?))
                .projection(whole);
            indexes.push(definition.build()?);
        }
        Ok(Self { attributes, key: key(EVENT_ID, KIND)?, indexes })
    }
}

fn has(table: &TableDescription, index: &Index) -> bool {
    table.global_secondary_indexes().iter().any(|there| there.index_name() == Some(index.name))
}

async fn add_index(store: &AwsStore, index: &Index) -> Result<(), StoreError> {
    let internal = |error: BuildError| StoreError::Internal(error.to_string());
    let whole = Projection::builder().projection_type(ProjectionType::All).build();
    let create = CreateGlobalSecondaryIndexAction::builder()
        .index_name(index.name)
        .set_key_schema(Some(key(index.partition, index.sort).map_err(internal)?))
        .projection(whole)
        .build()
        .map_err(internal)?;
    let update = store
        .clients
        .dynamodb
        .update_table()
        .table_name(&store.settings.table)
        .attribute_definitions(attribute(index.partition, false).map_err(internal)?)
        .attribute_definitions(attribute(index.sort, index.numeric).map_err(internal)?)
        .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build());
    update.send().await.map(|_| ()).map_err(|error| store_error("add index", store.on_table(), error))
}

fn attribute(name: &str, numeric: bool) -> Result<AttributeDefinition, BuildError> {
    let kind = if numeric { ScalarAttributeType::N } else { ScalarAttributeType::S };
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
}

fn key(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(partition, KeyType::Hash)?, element(sort, KeyType::Range)?])
}

async fn recover_points_in_time(store: &AwsStore, checks: &mut Vec<Check>) -> Result<(), StoreError> {
    // A table that is still being created refuses this.
    active(store).await?;
    let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
    let on = on.map_err(|error| StoreError::Internal(error.to_string()))?;
    let update = store.clients.dynamodb.update_continuous_backups().table_name(&store.settings.table);
    match update.point_in_time_recovery_specification(on).send().await {
        Ok(_) => checks.push(Check::created("table point-in-time recovery")),
        Err(error) if is_unsupported(&error) => {}
        Err(error) => return Err(store_error("enable point-in-time recovery", store.on_table(), error)),
    }
    Ok(())
}

fn compare(table: &TableDescription, checks: &mut Vec<Check>) {
    let types = table.attribute_definitions();
    checks.push(Check::compared("table key", shown(EVENT_ID, KIND, false), found(table.key_schema(), types)));
    // A table that was always provisioned may say nothing about it.
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    let billing = billing.unwrap_or(&BillingMode::Provisioned);
    checks.push(Check::compared("table billing", BillingMode::PayPerRequest.as_str(), billing.as_str()));
    for index in INDEXES {
        checks.push(compare_index(table, &index));
    }
}

fn compare_index(table: &TableDescription, index: &Index) -> Check {
    let there = table.global_secondary_indexes().iter().find(|there| there.index_name() == Some(index.name));
    let found = there.map_or("missing".to_owned(), |there| {
        let projection = there.projection().and_then(|projection| projection.projection_type());
        let projection = projection.map_or("none", |projection| projection.as_str());
        format!("{}, projecting {projection}", found(there.key_schema(), table.attribute_definitions()))
    });
    let wanted =
        format!("{}, projecting {}", shown(index.partition, index.sort, index.numeric), ProjectionType::All.as_str());
    Check::compared(format!("table index `{}`", index.name), wanted, found)
}

fn shown(partition: &str, sort: &str, numeric: bool) -> String {
    format!("{partition} (S), {sort} ({})", if numeric { "N" } else { "S" })
}

fn found(key: &[KeySchemaElement], types: &[AttributeDefinition]) -> String {
    let one = |kind: KeyType| {
        let name = key.iter().find(|element| *element.key_type() == kind).map_or("none", |key| key.attribute_name());
        let there = types.iter().find(|there| there.attribute_name() == name);
        format!("{name} ({})", there.map_or("?", |there| there.attribute_type().as_str()))
    };
    format!("{}, {}", one(KeyType::Hash), one(KeyType::Range))
}

async fn compare_recovery(store: &AwsStore, checks: &mut Vec<Check>) -> Result<(), StoreError> {
    let what = "table point-in-time recovery";
    let describe = store.clients.dynamodb.describe_continuous_backups().table_name(&store.settings.table);
    checks.push(match describe.send().await {
        Ok(found) => {
            let backups = found.continuous_backups_description();
            let status = backups
                .and_then(|backups| backups.point_in_time_recovery_description())
                .and_then(|recovery| recovery.point_in_time_recovery_status())
                .unwrap_or(&PointInTimeRecoveryStatus::Disabled);
            Check::compared(what, PointInTimeRecoveryStatus::Enabled.as_str(), status.as_str())
        }
        Err(error) if is_unsupported(&error) => Check::unsupported(what),
        Err(error) => return Err(store_error("read point-in-time recovery", store.on_table(), error)),
    });
    Ok(())
}

/// Evidence of refused events expires, by an attribute that no record of an event has: deduplication has no time window.
async fn expire_evidence(store: &AwsStore, checks: &mut Vec<Check>) -> Result<(), StoreError> {
    let on = TimeToLiveSpecification::builder().attribute_name(EXPIRES).enabled(true).build();
    let on = on.map_err(|error| StoreError::Internal(error.to_string()))?;
    let update = store.clients.dynamodb.update_time_to_live().table_name(&store.settings.table);
    match update.time_to_live_specification(on).send().await {
        Ok(_) => checks.push(Check::created("table time to live")),
        Err(error) if is_unsupported(&error) => {}
        Err(error) => return Err(store_error("enable time to live", store.on_table(), error)),
    }
    Ok(())
}

/// Nothing but evidence may expire.
async fn compare_expiry(store: &AwsStore, checks: &mut Vec<Check>) -> Result<(), StoreError> {
    let what = "table time to live";
    let describe = store.clients.dynamodb.describe_time_to_live().table_name(&store.settings.table);
    checks.push(match describe.send().await {
        Ok(found) => {
            let expiry = found.time_to_live_description();
            let status = expiry.and_then(|expiry| expiry.time_to_live_status()).unwrap_or(&TimeToLiveStatus::Disabled);
            let attribute = expiry.and_then(|expiry| expiry.attribute_name());
            let found = match (status, attribute) {
                // It becomes so within the hour.
                (TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling, Some(attribute)) => {
                    format!("by `{attribute}`")
                }
                (status, _) => status.as_str().to_owned(),
            };
            Check::compared(what, format!("by `{EXPIRES}`"), found)
        }
        Err(error) if is_unsupported(&error) => Check::unsupported(what),
        Err(error) => return Err(store_error("read time to live", store.on_table(), error)),
    });
    Ok(())
}
