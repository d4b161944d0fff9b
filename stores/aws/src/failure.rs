//! What the SDK reports, sorted into what a host can do about it.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;
use pik_core::StoreError;

use crate::on::On;
use crate::words::{Refusal, in_words};

/// Codes that ask to come back later: by DynamoDB, S3 and the SDK's own list of throttling errors.
const THROTTLED: [&str; 12] = [
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    // Two create-only puts of one key, still colliding after the client's retries.
    "ConditionalRequestConflict",
];

/// Codes in the 400s that pass by themselves.
const TRANSIENT: [&str; 6] = [
    "IDPCommunicationError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeoutException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// How a call failed. The SDK's own enum is open to additions, this one is not.
enum Failure {
    Throttled,
    /// No answer, or one that says that the service itself failed.
    Unavailable,
    /// An answer that the same call would get again.
    Refused,
}

/// The store error for a call that failed for good. Conditions that were not met are outcomes and must have been
/// taken out before.
pub fn store_error<E>(call: &'static str, on: On<'_>, error: SdkError<E, Response>) -> StoreError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let failure = sort(&error);
    let what = match answer(&error) {
        Some(status) => in_words(
            on,
            &Refusal {
                status,
                code: error.code(),
                message: error.message(),
                region: error.raw_response().and_then(|response| response.headers().get("x-amz-bucket-region")),
                request: error.meta().extra("aws_request_id"),
            },
        ),
        None => causes(&error),
    };
    let reason = format!("{call}, {on}: {what}");
    match failure {
        Failure::Throttled => StoreError::Overloaded(reason),
        Failure::Unavailable => StoreError::Unavailable(reason),
        Failure::Refused => StoreError::Internal(reason),
    }
}

/// An error and what caused it, each once.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !told.iter().any(|before| before.contains(&text)) {
            told.push(text);
        }
        next = error.source();
    }
    told.join(": ")
}

fn sort<E: ProvideErrorMetadata>(error: &SdkError<E, Response>) -> Failure {
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return Failure::Refused;
    }
    match (answer(error), error.code()) {
        // Time-outs, connections, unreadable answers, credentials that cannot be fetched just now.
        (None, _) => Failure::Unavailable,
        (Some(_), Some(code)) if THROTTLED.contains(&code) => Failure::Throttled,
        (Some(_), Some(code)) if TRANSIENT.contains(&code) => Failure::Unavailable,
        (Some(429), _) => Failure::Throttled,
        (Some(500..), _) => Failure::Unavailable,
        (Some(..500), _) => Failure::Refused,
    }
}

/// The HTTP status, when there was a whole answer.
fn answer<E>(error: &SdkError<E, Response>) -> Option<u16> {
    error.as_service_error()?;
    error.raw_response().map(|response| response.status().as_u16())
}
