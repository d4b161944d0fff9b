//! The SDK's clients: retries, timeouts and connections, set on purpose.
//!
//! | | DynamoDB | S3 | why |
//! |---|---|---|---|
//! | attempts | 5 | 4 | standard mode: jittered exponential backoff, and a token bucket that stops retrying when most calls fail |
//! | first backoff | 25 ms | 50 ms | the SDK's second is longer than a client waits for the whole answer |
//! | one attempt | 1.5 s | 4 s | a write takes milliseconds; a lost connection must not eat the whole budget |
//! | one call with its retries | 5 s | 10 s | claim + put + commit stay under the 29 s an API gateway waits |
//! | connect | 1 s | 1 s | within one region |
//! | idle connection kept | 60 s | 60 s | under the 350 s after which a NAT gateway forgets it silently |
//!
//! A call's future is tens of kilobytes, so each is boxed where it is awaited: those that await it in turn stay small
//! enough for a thread's stack, optimised or not.
//!
//! An attempt that timed out may still take effect. That is safe: every write is conditional or keyed by its receipt.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};
use aws_types::service_config::ServiceConfigKey;

use pik_core::StoreError;

use crate::Settings;

const CONNECT: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(60);

/// The two clients of a store, sharing connections and credentials. Cheap to clone; build them once a process.
#[derive(Debug, Clone)]
pub struct Clients {
    /// DynamoDB's.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// S3's.
    pub s3: aws_sdk_s3::Client,
    /// Whether S3's endpoint is not Amazon's own.
    pub custom_s3: bool,
}

impl Clients {
    /// Reads the environment and the shared configuration files. Nothing is asked of the services yet.
    pub async fn from_environment(settings: &Settings) -> Self {
        let shared = Box::pin(shared()).await;
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&shared)
            .retry_config(retries(5, 25))
            .timeout_config(timeouts(settings, 1_500, 5_000));
        if let Some(endpoint) = &settings.dynamodb_endpoint {
            dynamodb = dynamodb.endpoint_url(endpoint);
        }

        let mut s3 = aws_sdk_s3::config::Builder::from(&shared)
            .retry_config(retries(4, 50))
            .retry_classifier(CreateConflict)
            .timeout_config(timeouts(settings, 4_000, 10_000));
        if let Some(endpoint) = &settings.s3_endpoint {
            s3 = s3.endpoint_url(endpoint);
        }
        let custom_s3 = settings.s3_endpoint.is_some() || names_s3_endpoint(&shared);
        // `bucket.localhost` resolves nowhere, and few stand-ins answer to it.
        let s3 = s3.force_path_style(custom_s3);

        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            custom_s3,
        }
    }

    /// Fails when nothing says which region to work in.
    pub fn need_region(&self) -> Result<(), StoreError> {
        need_region(self.dynamodb.config().region())
    }
}

/// What the environment and the shared configuration files say, for clients of other services. Fails when nothing says
/// which region to work in.
pub async fn shared_config() -> Result<SdkConfig, StoreError> {
    let shared = Box::pin(shared()).await;
    need_region(shared.region())?;
    Ok(shared)
}

/// What the environment and the shared configuration files say, with one pool of connections.
async fn shared() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .pool_idle_timeout(IDLE)
        .build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await
}

fn need_region(region: Option<&aws_config::Region>) -> Result<(), StoreError> {
    match region {
        Some(_) => Ok(()),
        None => Err(StoreError::Internal("no AWS region is set; set AWS_REGION".into())),
    }
}

/// Whether the environment or a shared configuration file sends S3's calls elsewhere, the way the SDK looks it up.
fn names_s3_endpoint(shared: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| shared.service_config()?.load_config(key));
    own.is_some() || shared.endpoint_url().is_some()
}

fn retries(attempts: u32, first_backoff_ms: u64) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(Duration::from_millis(first_backoff_ms))
        .with_max_backoff(Duration::from_secs(1))
}

fn timeouts(settings: &Settings, attempt_ms: u64, whole_ms: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT * settings.patience)
        .operation_attempt_timeout(Duration::from_millis(attempt_ms) * settings.patience)
        .operation_timeout(Duration::from_millis(whole_ms) * settings.patience)
        .build()
}

/// Two create-only puts of one key at the same moment: S3 answers one of them 409 and asks to send it again. The SDK
/// does not count that among what it retries.
#[derive(Debug)]
struct CreateConflict;

impl ClassifyRetry for CreateConflict {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        use aws_sdk_s3::error::ProvideErrorMetadata;
        use aws_sdk_s3::operation::put_object::PutObjectError;

        let error = context.output_or_error().and_then(|result| result.err());
        let put = error.and_then(|error| error.as_operation_error()).and_then(|error| error.downcast_ref());
        match put.and_then(|error: &PutObjectError| error.code()) {
            Some("ConditionalRequestConflict") => RetryAction::transient_error(),
            Some(_) | None => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "create conflict"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}
