//! What the SDK reports, sorted into what a host can do about it.

use std::error::Error;
use std::iter;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::http::Response;
use pik_core::{Obstacle, StoreError};

use crate::on::On;
use crate::refusal::Refusal;

/// Codes that ask to come back later: by DynamoDB, S3 and the SDK's own list of throttling errors.
const THROTTLED: [&str; 13] = [
    "BandwidthLimitExceeded",
    "KMS.ThrottlingException",
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
    let refusal = answer(&error).map(|status| Refusal {
        status,
        code: error.code(),
        message: error.message(),
        region: error.raw_response().and_then(|response| response.headers().get("x-amz-bucket-region")),
        request: error.meta().extra("aws_request_id"),
    });
    let what = refusal.as_ref().map_or_else(|| causes(&error), |refusal| refusal.in_words(on));
    let reason = format!("{call}, {on}: {what}");
    match failure {
        Failure::Throttled => StoreError::Throttled(reason),
        Failure::Unavailable if lacks_credentials(&error) => StoreError::Blocked(Obstacle::Denied, reason),
        Failure::Unavailable => StoreError::Unavailable(reason),
        Failure::Refused => match refusal.and_then(|refusal| refusal.obstacle(on)) {
            Some(obstacle) => StoreError::Blocked(obstacle, reason),
            None => StoreError::Internal(reason),
        },
    }
}

/// An error and what caused it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// An error and what caused it, each once.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut told: Vec<String> = Vec::new();
    for error in chain(error) {
        let text = error.to_string();
        if !told.iter().any(|before| before.contains(&text)) {
            told.push(text);
        }
    }
    told.join(": ")
}

/// Whether nothing at all says who is asking. A provider that cannot be reached just now may be reached later.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| {
        matches!(
            error.downcast_ref(),
            Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_))
        )
    })
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

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::{ProvideCredentials, future};
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};

    use super::*;
    use crate::endpoint::endpoint;

    /// What becomes of a call that gets this answer.
    async fn described(answer: String, configured: impl FnOnce(Builder) -> Builder) -> StoreError {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint(answer).await)
            .retry_config(RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        let client = aws_sdk_dynamodb::Client::from_conf(configured(config).build());
        let error = client.describe_table().table_name("events").send().await.unwrap_err();
        store_error("find", On::Table("events"), error)
    }

    /// Where the chain of providers ends without credentials.
    #[derive(Debug)]
    struct Nobody;

    impl ProvideCredentials for Nobody {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no providers in chain")))
        }
    }

    fn signed(config: Builder) -> Builder {
        config.credentials_provider(Credentials::new("key", "secret", None, None, "test"))
    }

    #[tokio::test]
    async fn what_dynamodb_refuses_is_told_apart() {
        for (code, expected) in [
            ("AccessDeniedException", Some(Obstacle::Denied)),
            ("UnrecognizedClientException", Some(Obstacle::Denied)),
            ("ExpiredTokenException", Some(Obstacle::Denied)),
            ("ResourceNotFoundException", Some(Obstacle::Missing)),
            ("ProvisionedThroughputExceededException", None),
            ("ThrottlingException", None),
        ] {
            let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"no"}}"#);
            let answer = format!("HTTP/1.1 400 no\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            match (described(answer, signed).await, expected) {
                (StoreError::Blocked(found, _), Some(obstacle)) => assert_eq!(found, obstacle, "{code}"),
                (StoreError::Throttled(reason), None) => assert!(reason.contains(code), "{reason}"),
                (other, _) => panic!("{code}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_host_without_credentials_is_told_from_a_network_that_is_down() {
        let nobody = described(String::new(), |config| config.credentials_provider(Nobody)).await;
        assert!(matches!(nobody, StoreError::Blocked(Obstacle::Denied, _)), "{nobody:?}");
        let broken = described(String::new(), signed).await;
        assert!(matches!(broken, StoreError::Unavailable(_)), "{broken:?}");
    }
}
