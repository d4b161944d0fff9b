//! The store on the conformance suite's bench: what is seen of it through the services' own calls.

use anyhow::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use pik_aws::{AwsStore, Clients, DynamoLedger, Provision, S3RawStore, Settings};
use pik_conformance::{Bench, BenchClock, SplitBench};
use pik_core::{EventId, Ledger, RawKey, RawStore, Receipt, Record, Status};

use crate::stand;

pub(crate) struct AwsBench {
    pub(crate) store: AwsStore,
    /// Straight to the services, past any proxy that the store goes through.
    pub(crate) clients: Clients,
    pub(crate) settings: Settings,
    ledger: DynamoLedger,
    raw_store: S3RawStore,
    clock: BenchClock,
}

impl AwsBench {
    /// A bench on a bucket and a table made for it.
    pub(crate) async fn made(settings: Settings) -> Result<Self> {
        stand::made(settings.clone()).await?;
        Self::open(settings).await
    }

    /// A bench whose table has the index for event times.
    pub(crate) async fn indexed(settings: Settings) -> Result<Self> {
        let provision = Provision { event_time_index: true, ..Provision::default() };
        stand::provisioned(settings.clone(), &provision).await?;
        Self::open(settings).await
    }

    /// A bench on what is there.
    pub(crate) async fn open(settings: Settings) -> Result<Self> {
        let clock = BenchClock::default();
        let store = AwsStore::connect_with(settings.clone(), clock.clock()).await?;
        let clients = Clients::from_environment(&settings).await;
        let ledger = DynamoLedger::new(&clients, &settings);
        let raw_store = S3RawStore::new(&clients, &settings);
        Ok(Self { store, clients, settings, ledger, raw_store, clock })
    }

    /// All items of an event.
    pub(crate) async fn items(&self, id: &EventId) -> Result<Vec<std::collections::HashMap<String, AttributeValue>>> {
        let query = self.clients.dynamodb.query().table_name(&self.settings.table).consistent_read(true);
        let query = query
            .key_condition_expression("event_id = :id")
            .expression_attribute_values(":id", AttributeValue::S(id.to_string()));
        Ok(query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await?)
    }

    /// The keys and sizes of every version of every object, deletions included.
    pub(crate) async fn versions(&self) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let list = self.clients.s3.list_object_versions().bucket(&self.settings.bucket).prefix("raw/");
            let page = list.set_key_marker(key_marker).set_version_id_marker(version_marker).send().await?;
            keys.extend(page.versions().iter().filter_map(|version| version.key()).map(str::to_owned));
            keys.extend(page.delete_markers().iter().filter_map(|marker| marker.key()).map(str::to_owned));
            if page.is_truncated() != Some(true) {
                return Ok(keys);
            }
            (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}

/// A record by the names of its attributes, read without the code under test.
pub(crate) fn record(item: &std::collections::HashMap<String, AttributeValue>) -> Result<Record> {
    let text = |name: &str| {
        let value = item.get(name).and_then(|value| value.as_s().ok().or_else(|| value.as_n().ok()));
        value.cloned().ok_or_else(|| anyhow::anyhow!("no `{name}` in {item:?}"))
    };
    let wrong = |name: &str| anyhow::anyhow!("`{name}` in {item:?}");
    Ok(Record {
        event_id: text("event_id")?.parse().map_err(|_| wrong("event_id"))?,
        source: text("source")?,
        event_type: text("event_type")?,
        entity_id: text("entity_id")?,
        event_time: text("event_time")?.parse().map_err(|_| wrong("event_time"))?,
        ingest_time: text("ingest_time")?.parse().map_err(|_| wrong("ingest_time"))?,
        ingest_lag_ms: text("ingest_lag_ms")?.parse()?,
        finished_time: text("finished_time")
            .ok()
            .map(|time| time.parse())
            .transpose()
            .map_err(|_| wrong("finished_time"))?,
        status: Status::from_stored(&text("status")?).ok_or_else(|| wrong("status"))?,
        raw_bucket: text("raw_bucket")?,
        raw_key: text("raw_key")?.parse().map_err(|_| wrong("raw_key"))?,
        raw_size: text("raw_size")?.parse()?,
        payload_hash: text("payload_hash")?.parse().map_err(|_| wrong("payload_hash"))?,
        receipt: Receipt::from_stored(text("receipt")?),
        contract: text("contract")?.parse()?,
    })
}

impl Bench for AwsBench {
    type Store = AwsStore;

    fn store(&self) -> &AwsStore {
        &self.store
    }

    async fn objects(&self, id: &EventId) -> Result<Vec<(RawKey, Bytes)>> {
        let name = format!("event_id={id}.json");
        let mut objects = Vec::new();
        let list = self.clients.s3.list_objects_v2().bucket(&self.settings.bucket);
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            for object in page?.contents.unwrap_or_default() {
                let key = object.key.unwrap_or_default();
                if key.ends_with(&name) {
                    let get = self.clients.s3.get_object().bucket(&self.settings.bucket).key(&key).send().await?;
                    let bytes = get.body.collect().await?.into_bytes();
                    objects.push((key.parse().map_err(|_| anyhow::anyhow!("{key}"))?, bytes));
                }
            }
        }
        Ok(objects)
    }

    async fn records(&self, id: &EventId) -> Result<Vec<Record>> {
        self.items(id).await?.iter().map(record).collect()
    }

    async fn reopen(&mut self) -> Result<()> {
        self.store = AwsStore::connect_with(self.settings.clone(), self.clock.clock()).await?;
        Ok(())
    }
}

impl SplitBench for AwsBench {
    fn ledger(&self) -> &impl Ledger {
        &self.ledger
    }

    fn raw_store(&self) -> &impl RawStore {
        &self.raw_store
    }

    fn clock(&self) -> &BenchClock {
        &self.clock
    }
}
