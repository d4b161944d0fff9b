//! Records in DynamoDB.

use std::collections::HashMap;
use std::num::NonZeroU16;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use pik_core::{Claim, Commit, EventId, Ledger, Record, StoreError};

use crate::failure::store_error;
use crate::item::Item;
use crate::noted::Noted;
use crate::on::On;
use crate::{Clients, S3RawStore, Settings, commit, item, schema};

/// Records in one DynamoDB table, by conditional writes.
///
/// A write that the SDK sends twice, because an answer was lost, finds its own effect: a claim comes back as found,
/// a commit with this attempt's receipt, a duplicate's record is put again as it was.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    pub(crate) client: Client,
    pub(crate) table: String,
    bucket: String,
    /// Where the days of a type are listed.
    pub(crate) folders: S3RawStore,
    pub(crate) shards: NonZeroU16,
    pub(crate) noted: Arc<Noted>,
}

impl DynamoLedger {
    /// The table that the settings name. It must exist.
    pub fn new(clients: &Clients, settings: &Settings) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            table: settings.table.clone(),
            bucket: settings.bucket.clone(),
            folders: S3RawStore::new(clients, settings),
            shards: settings.shards,
            noted: Arc::default(),
        }
    }

    /// The item of an event's first occurrence, strongly consistent.
    pub(crate) async fn find_item(&self, id: &EventId) -> Result<Option<Item>, StoreError> {
        let get =
            self.client.get_item().table_name(&self.table).set_key(Some(item::event_key(id))).consistent_read(true);
        Ok(Box::pin(get.send()).await.map_err(|error| store_error("find", On::Table(&self.table), error))?.item)
    }

    /// [`DynamoLedger::find_item`] of at most [`BATCH_KEYS`] events, each named once; those that there are.
    async fn find_items(&self, ids: &[EventId]) -> Result<Vec<Item>, StoreError> {
        let failed = |error: BuildError| StoreError::Internal(format!("find many: {error}"));
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().map(item::event_key).collect()))
            .consistent_read(true)
            .build()
            .map_err(failed)?;
        let get = self.client.batch_get_item().request_items(&self.table, keys);
        let found =
            Box::pin(get.send()).await.map_err(|error| store_error("find many", On::Table(&self.table), error))?;
        let mut items = found.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
        // What the call had no capacity or no room for is asked for singly: the SDK backs off and repeats those.
        let left = found.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        for key in left.map(|left| left.keys).unwrap_or_default() {
            items.extend(self.find_item(&item::parsed(&key, schema::EVENT_ID)?).await?);
        }
        Ok(items)
    }
}

/// The most keys of one BatchGetItem.
const BATCH_KEYS: usize = 100;

impl Ledger for DynamoLedger {
    fn raw_bucket(&self) -> &str {
        &self.bucket
    }

    async fn claim(&self, record: &Record) -> Result<Claim, StoreError> {
        // First, so that there is no event of a stream that is not listed.
        self.note_stream(record).await?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::write(record, self.shards)))
            .condition_expression("attribute_not_exists(event_id)")
            // The record there comes with the refusal: no second read, and none that could see another state.
            .return_values_on_condition_check_failure(AllOld);
        match Box::pin(put.send()).await {
            Ok(_) => Ok(Claim::New),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => match &refused.item {
                    Some(found) => Ok(Claim::Found(item::read(found)?)),
                    None => Err(no_item("claim")),
                },
                Some(_) | None => Err(store_error("claim", On::Table(&self.table), error)),
            },
        }
    }

    async fn commit(&self, record: &Record) -> Result<Commit, StoreError> {
        let commit::Update { expression, names, values } = commit::update(record, self.shards);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::event_key(&record.event_id)))
            .update_expression(expression)
            .condition_expression(commit::CONDITION)
            .set_expression_attribute_names(Some(names.into_iter().collect()))
            .set_expression_attribute_values(Some(values.into_iter().collect()))
            .return_values_on_condition_check_failure(AllOld);
        match Box::pin(update.send()).await {
            Ok(_) => Ok(Commit::Done),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => match &refused.item {
                    Some(found) => Ok(Commit::Already(item::read(found)?.receipt)),
                    None => Err(no_item("commit")),
                },
                Some(_) | None => Err(store_error("commit", On::Table(&self.table), error)),
            },
        }
    }

    async fn record_duplicate(&self, record: &Record) -> Result<(), StoreError> {
        let put =
            self.client.put_item().table_name(&self.table).set_item(Some(item::write(record, self.shards))).send();
        Box::pin(put).await.map(|_| ()).map_err(|error| store_error("record duplicate", On::Table(&self.table), error))
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.find_item(id).await?.as_ref().map(item::read).transpose()
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Option<Record>>, StoreError> {
        // DynamoDB refuses a call that names a key twice.
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut records: HashMap<EventId, Record> = HashMap::with_capacity(wanted.len());
        for ids in wanted.chunks(BATCH_KEYS) {
            for item in self.find_items(ids).await? {
                let record = item::read(&item)?;
                records.insert(record.event_id, record);
            }
        }
        Ok(ids.iter().map(|id| records.get(id).cloned()).collect())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        // No event has this id; a consistent read of nothing costs the least there is.
        self.find_item(&EventId::from_bytes([0; 32])).await.map(|_| ())
    }
}

/// A refused condition shows the item it was refused for, unless there is none or the endpoint cannot show it.
fn no_item(call: &str) -> StoreError {
    StoreError::Internal(format!(
        "{call}: the condition failed and no item came back; check that nothing deletes from the table and that \
         the endpoint knows ReturnValuesOnConditionCheckFailure"
    ))
}
