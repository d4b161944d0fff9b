//! What a store on S3 and DynamoDB is told.

use std::num::NonZeroU16;

/// The most shards an index partition may be split into. A query asks every one of them.
pub const MAX_SHARDS: u16 = 256;

/// Where a store keeps its data.
///
/// Region, credentials, endpoints and proxies come from where every AWS SDK takes them: `AWS_REGION`, `AWS_PROFILE`,
/// `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_DYNAMODB`, …, the shared configuration files, or the
/// role of the container, function or machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The bucket of the raw objects.
    pub bucket: String,
    /// The table of the records.
    pub table: String,
    /// The KMS key that encrypts raw objects; the bucket's own default when absent.
    pub kms_key: Option<String>,
    /// How many partitions one lag or arrival index value is spread over. May be raised later, never lowered: records
    /// in the shards above would not be found any more.
    pub shards: NonZeroU16,
    /// How many times longer than in AWS a call may take: 1, or more for a stand-in on a busy machine.
    pub patience: u32,
    /// S3's endpoint, before what the environment says.
    pub s3_endpoint: Option<String>,
    /// DynamoDB's endpoint, before what the environment says.
    pub dynamodb_endpoint: Option<String>,
}

impl Settings {
    /// Settings with 16 shards and everything else left to the environment.
    pub fn new(bucket: impl Into<String>, table: impl Into<String>) -> Self {
        const SIXTEEN: NonZeroU16 = NonZeroU16::MIN.saturating_add(15);
        Self {
            bucket: bucket.into(),
            table: table.into(),
            kms_key: None,
            shards: SIXTEEN,
            patience: 1,
            s3_endpoint: None,
            dynamodb_endpoint: None,
        }
    }
}
