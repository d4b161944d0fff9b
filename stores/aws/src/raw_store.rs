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
use crate::on::On;
use crate::{Clients, Settings};

/// Raw objects in one S3 bucket, created by `If-None-Match: *` and never written again.
#[derive(Debug, Clone)]
pub struct S3RawStore {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    kms_key: Option<String>,
}

impl S3RawStore {
    /// The bucket that the settings name. It must exist.
    pub fn new(clients: &Clients, settings: &Settings) -> Self {
        Self { client: clients.s3.clone(), bucket: settings.bucket.clone(), kms_key: settings.kms_key.clone() }
    }

    pub(crate) fn on(&self) -> On<'_> {
        On::Bucket(&self.bucket, self.kms_key.as_deref())
    }

    /// A success without what S3 never leaves out. Something else answered, so nothing says that the object is stored.
    fn not_of_s3(&self, call: &str, without: &str) -> StoreError {
        StoreError::Internal(format!(
            "{call}, {}: the answer is a success without {without}, so it is not from S3; check the endpoint and the \
             proxies before it",
            self.on()
        ))
    }

    /// The size of an object; `None` when there is none.
    pub(crate) async fn size_of(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match Box::pin(self.client.head_object().bucket(&self.bucket).key(key).send()).await {
            Ok(head) => match head.content_length.map(u64::try_from) {
                Some(Ok(length)) => Ok(Some(length)),
                Some(Err(_)) | None => Err(self.not_of_s3("look up raw object", "a length")),
            },
            Err(error) => match error.as_service_error() {
                Some(HeadObjectError::NotFound(_)) => Ok(None),
                Some(_) | None => Err(store_error("look up raw object", self.on(), error)),
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
        self.put_as("application/json", key, raw, metadata).await
    }

    /// [`S3RawStore::put`] of another type of content.
    pub async fn put_as(
        &self,
        content_type: &str,
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
            .content_type(content_type)
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
            Ok(answer) if answer.e_tag.is_some() => Ok(Put::Created),
            Ok(_) => Err(self.not_of_s3("create raw object", "an ETag")),
            // Also what an attempt of ours finds whose first answer was lost.
            Err(error) if already_there(&error) => Ok(Put::Exists),
            Err(error) => Err(store_error("create raw object", self.on(), error)),
        }
    }

    /// Copies an object to a key within the bucket, unless there is one; nothing happens where there is none to copy.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let source = format!("{}/{}", self.bucket, escaped(from));
        let copy = self.client.copy_object().bucket(&self.bucket).copy_source(source).key(to).if_none_match("*");
        match Box::pin(copy.send()).await {
            Ok(_) => Ok(()),
            Err(error) if already_there(&error) => Ok(()),
            Err(error) if error.as_service_error().and_then(|error| error.code()) == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(store_error("copy object", self.on(), error)),
        }
    }

    /// Removes an object that is no raw object; nothing happens where there is none.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        let removed = Box::pin(self.client.delete_object().bucket(&self.bucket).key(key).send()).await;
        removed.map(|_| ()).map_err(|error| store_error("remove object", self.on(), error))
    }

    /// Writes the bytes of an object, piece by piece as they come. Says whether there is one.
    pub async fn download(&self, key: &str, into: &mut impl std::io::Write) -> Result<bool, StoreError> {
        let Some(mut body) = self.body(key).await? else { return Ok(false) };
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| self.broken_off(&error))?;
            into.write_all(&piece).map_err(|error| StoreError::Internal(format!("cannot keep an object: {error}")))?;
        }
        Ok(true)
    }

    /// A page of the keys that begin with `prefix`.
    pub async fn keys(&self, prefix: &str, from: Option<&Position>) -> Result<Page<String>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let page = Box::pin(list.set_continuation_token(from.map(|from| from.as_str().to_owned())).send()).await;
        let page = page.map_err(|error| store_error("list objects", self.on(), error))?;
        let next =
            if page.is_truncated() == Some(true) { page.next_continuation_token.map(Position::new) } else { None };
        let objects = page.contents.unwrap_or_default();
        Ok(Page { items: objects.into_iter().filter_map(|object| object.key).collect(), next })
    }

    /// The bytes of an object; `None` when there is none.
    pub async fn bytes(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let Some(body) = self.body(key).await? else { return Ok(None) };
        body.collect().await.map(|bytes| Some(bytes.into_bytes())).map_err(|error| self.broken_off(&error))
    }

    async fn body(&self, key: &str) -> Result<Option<ByteStream>, StoreError> {
        match Box::pin(self.client.get_object().bucket(&self.bucket).key(key).send()).await {
            Ok(object) => Ok(Some(object.body)),
            Err(error) => match error.as_service_error() {
                Some(GetObjectError::NoSuchKey(_)) => Ok(None),
                Some(_) | None => Err(store_error("read raw object", self.on(), error)),
            },
        }
    }

    /// The answer broke off, or its checksum does not match.
    fn broken_off(&self, error: &dyn std::error::Error) -> StoreError {
        StoreError::Unavailable(format!("read raw object, {}: {error}", self.on()))
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
        head.map(|_| ()).map_err(|error| store_error("look up bucket", self.on(), error))
    }
}

/// A key in a header, where a URL's escapes are read.
fn escaped(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn already_there<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().is_some_and(|error| error.code() == Some("PreconditionFailed"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::retry::RetryConfig;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use pik_core::Obstacle;

    use super::*;
    use crate::endpoint::endpoint;

    /// A store whose endpoint answers one call, with this.
    async fn answered(answer: impl Into<String>) -> S3RawStore {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint(answer).await)
            .force_path_style(true)
            .retry_config(RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        S3RawStore { client: Client::from_conf(config), bucket: "events".into(), kms_key: None }
    }

    async fn put(answer: &'static str) -> Result<Put, StoreError> {
        answered(answer).await.put("raw/1", Bytes::from_static(b"{}"), []).await
    }

    async fn size(answer: &'static str) -> Result<Option<u64>, StoreError> {
        answered(answer).await.size_of("raw/1").await
    }

    #[tokio::test]
    async fn a_put_is_stored_only_when_s3_names_the_object() {
        let stored = put("HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(stored, Ok(Put::Created));
        let other = put("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap_err();
        assert!(matches!(&other, StoreError::Internal(reason) if reason.contains("without an ETag")), "{other}");
    }

    #[tokio::test]
    async fn an_object_has_the_size_that_s3_says_and_no_other() {
        assert_eq!(size("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n").await, Ok(Some(7)));
        assert_eq!(size("HTTP/1.1 404 Not Found\r\n\r\n").await, Ok(None));
        let other = size("HTTP/1.1 200 OK\r\n\r\n").await.unwrap_err();
        assert!(matches!(&other, StoreError::Internal(reason) if reason.contains("without a length")), "{other}");
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_words() {
        let moved = "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\ncontent-length: 0\r\n\r\n";
        let told = "bucket events is in region eu-west-1; set AWS_REGION=eu-west-1";
        let error = put(moved).await.unwrap_err();
        assert!(error.reason().contains(told), "{error}");
        let error = size(moved).await.unwrap_err();
        assert!(error.reason().contains(told), "{error}");
    }

    #[tokio::test]
    async fn what_the_operator_must_remove_is_told_apart() {
        // The answer to a HEAD has no body, so no code.
        for (head, obstacle) in [
            ("403 Forbidden\r\n", Obstacle::Denied),
            ("404 Not Found\r\n", Obstacle::Missing),
            ("301 Moved\r\nx-amz-bucket-region: eu-west-1\r\n", Obstacle::OtherRegion),
            ("400 Bad Request\r\nx-amz-bucket-region: eu-west-1\r\n", Obstacle::OtherRegion),
        ] {
            let ready = answered(format!("HTTP/1.1 {head}content-length: 0\r\n\r\n")).await.ready().await;
            assert!(matches!(&ready, Err(StoreError::Blocked(found, _)) if *found == obstacle), "{head}: {ready:?}");
        }
        for (status, code, obstacle) in [
            (403, "AccessDenied", Some(Obstacle::Denied)),
            (403, "RequestTimeTooSkewed", Some(Obstacle::WrongClock)),
            (404, "NoSuchBucket", Some(Obstacle::Missing)),
            (400, "KMS.DisabledException", Some(Obstacle::UnusableKey)),
            (503, "SlowDown", None),
        ] {
            let xml = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            let answer = format!("HTTP/1.1 {status} no\r\ncontent-length: {}\r\n\r\n{xml}", xml.len());
            let put = answered(answer).await.put("raw/1", Bytes::from_static(b"{}"), []).await;
            match (put.unwrap_err(), obstacle) {
                (StoreError::Blocked(found, _), Some(obstacle)) => assert_eq!(found, obstacle, "{code}"),
                (StoreError::Throttled(reason), None) => assert!(reason.contains(code), "{reason}"),
                (other, _) => panic!("{code}: {other:?}"),
            }
        }
    }
}
