//! Raw objects in S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ServerSideEncryption};
use bytes::Bytes;
use pik_core::{Page, Position, Put, RawStore, Record, StoreError};

use crate::failure::store_error;
use crate::{Clients, Settings};

/// Raw objects in one S3 bucket, created by `If-None-Match: *` and never written again.
#[derive(Debug, Clone)]
pub struct S3RawStore {
    client: Client,
    bucket: String,
    kms_key: Option<String>,
}

impl S3RawStore {
    /// The bucket that the settings name. It must exist.
    pub fn new(clients: &Clients, settings: &Settings) -> Self {
        Self { client: clients.s3.clone(), bucket: settings.bucket.clone(), kms_key: settings.kms_key.clone() }
    }

    /// The size of an object; `None` when there is none.
    pub(crate) async fn size_of(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match Box::pin(self.client.head_object().bucket(&self.bucket).key(key).send()).await {
            Ok(head) => Ok(Some(head.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0))),
            Err(error) => match error.as_service_error() {
                Some(HeadObjectError::NotFound(_)) => Ok(None),
                Some(_) | None => Err(store_error("look up raw object", error)),
            },
        }
    }

    /// Creates an object if there is none.
    pub async fn put(
        &self,
        key: &str,
        raw: Bytes,
        metadata: impl IntoIterator<Item = (&str, String)>,
    ) -> Result<Put, StoreError> {
        let mut put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .body(ByteStream::from(raw))
            .if_none_match("*")
            .content_type("application/json")
            // Named, because the environment can switch the SDK's own default off.
            .checksum_algorithm(ChecksumAlgorithm::Crc32);
        for (name, value) in metadata {
            put = put.metadata(name, value);
        }
        if let Some(key) = &self.kms_key {
            // A bucket key saves a call to KMS for every object.
            put = put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key).bucket_key_enabled(true);
        }
        match Box::pin(put.send()).await {
            Ok(_) => Ok(Put::Created),
            // Also what an attempt of ours finds whose first answer was lost.
            Err(error) if already_there(&error) => Ok(Put::Exists),
            Err(error) => Err(store_error("create raw object", error)),
        }
    }

    /// A page of the keys that begin with `prefix`.
    pub async fn keys(&self, prefix: &str, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let page = Box::pin(list.set_continuation_token(from.map(|from| from.as_str().to_owned())).send()).await;
        let page = page.map_err(|error| store_error("list objects", error))?;
        let next =
            if page.is_truncated() == Some(true) { page.next_continuation_token.map(Position::new) } else { None };
        let objects = page.contents.unwrap_or_default();
        Ok(Page { items: objects.into_iter().filter_map(|object| object.key).collect(), next })
    }

    /// The bytes of an object; `None` when there is none.
    pub async fn bytes(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let object = match Box::pin(self.client.get_object().bucket(&self.bucket).key(key).send()).await {
            Ok(object) => object,
            Err(error) => match error.as_service_error() {
                Some(GetObjectError::NoSuchKey(_)) => return Ok(None),
                Some(_) | None => return Err(store_error("read raw object", error)),
            },
        };
        match object.body.collect().await {
            Ok(bytes) => Ok(Some(bytes.into_bytes())),
            // The answer broke off, or its checksum does not match.
            Err(error) => Err(StoreError::Unavailable(format!("read raw object: {error}"))),
        }
    }
}

impl RawStore for S3RawStore {
    async fn create(&self, record: &Record, raw: Bytes) -> Result<Put, StoreError> {
        let metadata = [
            // Hyphens: there are proxies that drop headers with underscores.
            ("event-id", record.event_id.to_string()),
            ("ingest-time", record.ingest_time.to_string()),
            ("payload-hash", record.payload_hash.to_string()),
        ];
        self.put(record.raw_key.as_str(), raw, metadata).await
    }

    async fn size(&self, record: &Record) -> Result<Option<u64>, StoreError> {
        self.size_of(record.raw_key.as_str()).await
    }

    async fn read(&self, record: &Record) -> Result<Option<Bytes>, StoreError> {
        self.bytes(record.raw_key.as_str()).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let head = Box::pin(self.client.head_bucket().bucket(&self.bucket).send()).await;
        head.map(|_| ()).map_err(|error| store_error("look up bucket", error))
    }
}

fn already_there<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().is_some_and(|error| error.code() == Some("PreconditionFailed"))
}
