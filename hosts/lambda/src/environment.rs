//! The function's configuration: environment variables, the same as the server's.
//!
//! | variable | meaning |
//! |---|---|
//! | `RAW_BUCKET`, `EVENTS_TABLE` | where events are kept; required |
//! | `RAW_KMS_KEY` | the KMS key that encrypts raw objects, instead of the bucket's default |
//! | `DRY_RUN` | `true`: validate and look up, write nothing |
//! | `PIK_TOKENS` | bearer tokens that let requests in, with commas between |
//! | `PIK_CORS_ORIGINS` | origins whose pages may call this, with commas between |
//! | `PIK_MAX_EVENT_BYTES` | the most bytes of one event |
//! | `PIK_INDEX_SHARDS` | how many partitions an index value is spread over |
//! | `PIK_METRIC_DIMENSIONS` | `source`, `event_type` or both, with a comma between: values of events that are dimensions of metrics, too |

use std::env::{self, VarError};
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail};
use pik_aws::{MAX_SHARDS, Settings};
use pik_http::Config;
use pik_http::metric_lines::Dimensions;

/// What the function is told.
pub(crate) struct Environment {
    pub(crate) settings: Settings,
    pub(crate) config: Config,
    pub(crate) function_name: String,
    pub(crate) dimensions: Dimensions,
}

impl Environment {
    /// Reads it all; a value that cannot be right is an error.
    pub(crate) fn read() -> Result<Self> {
        let mut settings = Settings::new(required("RAW_BUCKET")?, required("EVENTS_TABLE")?);
        settings.kms_key = text("RAW_KMS_KEY")?;
        if let Some(shards) = parsed("PIK_INDEX_SHARDS")? {
            settings.shards = shards;
        }
        if settings.shards.get() > MAX_SHARDS {
            bail!("PIK_INDEX_SHARDS is {}; choose 1 to {MAX_SHARDS}", settings.shards);
        }
        let mut config = Config {
            tokens: list("PIK_TOKENS")?,
            cors_origins: list("PIK_CORS_ORIGINS")?,
            dry_run: parsed("DRY_RUN")?.unwrap_or(false),
            ..Config::default()
        };
        if let Some(bytes) = parsed("PIK_MAX_EVENT_BYTES")? {
            config.max_event_bytes = bytes;
        }
        let dimensions = parsed("PIK_METRIC_DIMENSIONS")?.unwrap_or_default();
        Ok(Self { settings, config, function_name: required("AWS_LAMBDA_FUNCTION_NAME")?, dimensions })
    }
}

/// A variable's text; one that is empty is not set.
fn text(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(anyhow!("{name} is not UTF-8")),
    }
}

fn required(name: &str) -> Result<String> {
    text(name)?.with_context(|| format!("{name} is not set"))
}

fn list(name: &str) -> Result<Vec<String>> {
    Ok(text(name)?.map(|text| text.split(',').map(|item| item.trim().to_owned()).collect()).unwrap_or_default())
}

fn parsed<T: FromStr<Err: Display>>(name: &str) -> Result<Option<T>> {
    let read = |text: String| text.parse().map_err(|error| anyhow!("{name} is `{text}`: {error}"));
    text(name)?.map(read).transpose()
}
