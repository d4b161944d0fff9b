//! Raw objects in R2.

use std::collections::HashMap;

use bytes::Bytes;
use pik_core::{Put, RawKey, RawStore, Record, StoreError};
use sha2::{Digest, Sha256};
use worker::send::SendFuture;
use worker::{Bucket, Conditional, HttpMetadata};

use crate::failure;

/// Raw objects in one R2 bucket, each created if there is none and never written again.
#[derive(Debug)]
pub struct R2RawStore(Bucket);

impl R2RawStore {
    /// The bucket of this binding.
    pub fn new(binding: Bucket) -> Self {
        Self(binding)
    }

    async fn bytes(&self, key: &RawKey) -> Result<Option<Bytes>, StoreError> {
        let failed = |error| failure::of_r2("read raw object", &error);
        SendFuture::new(async {
            let Some(object) = self.0.get(key.as_str()).execute().await.map_err(failed)? else { return Ok(None) };
            let body =
                object.body().ok_or_else(|| StoreError::Internal("R2 returned an object without a body".into()))?;
            body.bytes().await.map(|bytes| Some(bytes.into())).map_err(failed)
        })
        .await
    }
}

impl RawStore for R2RawStore {
    async fn create(&self, record: &Record, raw: Bytes) -> Result<Put, StoreError> {
        let absent = Conditional { etag_does_not_match: Some("*".into()), ..Conditional::default() };
        let http = HttpMetadata { content_type: Some("application/json".into()), ..HttpMetadata::default() };
        let custom = HashMap::from([
            ("event_id".to_owned(), record.event_id.to_string()),
            ("ingest_time".to_owned(), record.ingest_time.to_string()),
            ("payload_hash".to_owned(), record.payload_hash.to_string()),
        ]);
        SendFuture::new(async {
            let sum = Sha256::digest(&raw).to_vec();
            let put = self
                .0
                .put(record.raw_key.as_str(), Vec::from(raw))
                .only_if(absent)
                .http_metadata(http)
                .custom_metadata(custom)
                // R2 refuses bytes that changed on their way.
                .sha256(sum);
            match put.execute().await {
                Ok(Some(_)) => Ok(Put::Created),
                // Also what an attempt of ours finds whose first answer was lost.
                Ok(None) => Ok(Put::Exists),
                Err(error) => Err(failure::of_r2("create raw object", &error)),
            }
        })
        .await
    }

    async fn size(&self, record: &Record) -> Result<Option<u64>, StoreError> {
        SendFuture::new(async {
            let head = self.0.head(record.raw_key.as_str()).await;
            let head = head.map_err(|error| failure::of_r2("look up raw object", &error))?;
            Ok(head.map(|object| object.size()))
        })
        .await
    }

    async fn read(&self, record: &Record) -> Result<Option<Bytes>, StoreError> {
        self.bytes(&record.raw_key).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        SendFuture::new(async {
            // No raw object has this key.
            self.0.head("raw").await.map(|_| ()).map_err(|error| failure::of_r2("look up raw object", &error))
        })
        .await
    }
}
