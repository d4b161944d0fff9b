//! The function's own settings, beside those of [`pik_http::settings`].
//!
//! | variable | meaning |
//! |---|---|
//! | `RAW_BUCKET`, `EVENTS_TABLE` | where events are kept; required |
//! | `RAW_KMS_KEY` | the KMS key that encrypts raw objects, instead of the bucket's default |
//! | `PIK_INDEX_SHARDS` | how many partitions an index value is spread over |

use std::env::{self, VarError};

use anyhow::{Result, anyhow, bail};
use pik_aws::{MAX_SHARDS, REJECTIONS_A_MINUTE, Settings};
use pik_http::Config;
use pik_http::metric_lines::Dimensions;
use pik_http::settings::Variables;

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
        let variables = Variables::new(|name: &str| match env::var(name) {
            Ok(text) => Ok(Some(text)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
        });
        let wrong = |message: String| anyhow!(message);
        let bucket = variables.required("RAW_BUCKET").map_err(wrong)?;
        let mut settings = Settings::new(bucket, variables.required("EVENTS_TABLE").map_err(wrong)?);
        settings.kms_key = variables.text("RAW_KMS_KEY").map_err(wrong)?;
        if let Some(shards) = variables.parsed("PIK_INDEX_SHARDS").map_err(wrong)? {
            settings.shards = shards;
        }
        if settings.shards.get() > MAX_SHARDS {
            bail!("PIK_INDEX_SHARDS is {}; choose 1 to {MAX_SHARDS}", settings.shards);
        }
        // Each is a paid write.
        let defaults = Config { rejections_a_minute: Some(REJECTIONS_A_MINUTE), ..Config::default() };
        Ok(Self {
            settings,
            config: variables.config(defaults).map_err(wrong)?,
            function_name: variables.required("AWS_LAMBDA_FUNCTION_NAME").map_err(wrong)?,
            dimensions: variables.dimensions().map_err(wrong)?,
        })
    }
}
