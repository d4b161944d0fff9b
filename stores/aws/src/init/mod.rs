//! Making the bucket and the table, and telling where what is there differs from what is needed.

use std::fmt;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;
use pik_core::StoreError;

use crate::AwsStore;

mod bucket;
mod table;

/// How to make what is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Provision {
    /// Days of Object Lock in governance mode: only a special permission can delete a raw object
    /// version before that.
    pub object_lock_days: Option<u16>,
    /// Whether the table gets the index [`BY_EVENT_TIME`](crate::BY_EVENT_TIME), which answers ranges of event times. It is
    /// added to a table that is there, too, which DynamoDB then fills from what is in it.
    pub event_time_index: bool,
}

/// One thing that was made or looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What, such as "bucket versioning".
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
}

/// How something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was missing and is there now.
    Created,
    /// It is as it should be.
    Fine,
    /// It is there and not as it should be. Nothing was changed.
    Differs {
        /// How it should be.
        wanted: String,
        /// How it is.
        found: String,
    },
    /// The endpoint does not know it.
    Unsupported,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Created => write!(f, "{}: created", self.what),
            Verdict::Fine => write!(f, "{}: as it should be", self.what),
            Verdict::Differs { wanted, found } => write!(f, "{}: should be {wanted}, is {found}", self.what),
            Verdict::Unsupported => write!(f, "{}: this endpoint does not support it", self.what),
        }
    }
}

impl Check {
    fn created(what: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: Verdict::Created }
    }

    fn unsupported(what: impl Into<String>) -> Self {
        Self { what: what.into(), verdict: Verdict::Unsupported }
    }

    fn compared(what: impl Into<String>, wanted: impl Into<String>, found: impl Into<String>) -> Self {
        let (wanted, found) = (wanted.into(), found.into());
        let verdict = if wanted == found { Verdict::Fine } else { Verdict::Differs { wanted, found } };
        Self { what: what.into(), verdict }
    }
}

impl AwsStore {
    /// Creates bucket and table if they are missing, and compares what is there with what is needed. What exists is
    /// never changed. Safe to repeat.
    pub async fn init(&self, provision: &Provision) -> Result<Vec<Check>, StoreError> {
        let mut checks = Box::pin(bucket::init(self, provision)).await?;
        checks.extend(Box::pin(table::init(self, provision)).await?);
        Ok(checks)
    }
}

/// What an endpoint answers to a call it does not know.
fn is_unsupported<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> bool {
    const CODES: [&str; 5] =
        ["MethodNotAllowed", "NotImplemented", "UnknownOperationException", "UnsupportedOperation", "XNotImplemented"];
    let status = error.raw_response().map(|response| response.status().as_u16());
    matches!(status, Some(405 | 501)) || error.code().is_some_and(|code| CODES.contains(&code))
}
