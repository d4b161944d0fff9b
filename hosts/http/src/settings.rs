//! Settings from environment variables, for hosts without a command line. The names are those of `pik serve`.
//!
//! | variable | meaning |
//! |---|---|
//! | `DRY_RUN` | `true`: validate and look up, write nothing |
//! | `PIK_TOKENS` | bearer tokens that let requests in, with commas between |
//! | `PIK_CORS_ORIGINS` | origins whose pages may call this, with commas between |
//! | `PIK_MAX_EVENT_BYTES`, `PIK_MAX_BATCH_BYTES`, `PIK_MAX_BATCH_EVENTS` | limits |
//! | `PIK_KEEP_REJECTED_BODIES` | `true`: keep the first 8 KiB of refused bodies |
//! | `PIK_REJECTED_RECORDS`, `PIK_REJECTED_BYTES`, `PIK_REJECTED_DAYS` | how much evidence of refused events is kept |
//! | `PIK_REJECTED_A_MINUTE` | the most records of refused events that one host begins in a minute |
//! | `PIK_METRIC_DIMENSIONS` | `source`, `event_type` or both, with a comma between: values of events that are dimensions of metrics, too |

use core::fmt::Display;
use core::str::FromStr;

use pik_core::RejectionBounds;

use crate::Config;
use crate::metric_lines::Dimensions;

/// Variables, read by name.
pub struct Variables<F>(F);

impl<F: Fn(&str) -> Result<Option<String>, String>> Variables<F> {
    /// Of a host that looks them up with `read`; its error says why a variable has no text.
    pub fn new(read: F) -> Self {
        Self(read)
    }

    /// A variable's text. One that is empty is not set.
    pub fn text(&self, name: &str) -> Result<Option<String>, String> {
        Ok((self.0)(name)?.filter(|text| !text.is_empty()))
    }

    /// [`Variables::text`] of one that must be set.
    pub fn required(&self, name: &str) -> Result<String, String> {
        self.text(name)?.ok_or_else(|| format!("{name} is not set"))
    }

    /// The items between commas; none when the variable is not set.
    pub fn list(&self, name: &str) -> Result<Vec<String>, String> {
        let text = self.text(name)?;
        Ok(text.map(|text| text.split(',').map(|item| item.trim().to_owned()).collect()).unwrap_or_default())
    }

    /// A variable's value.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, String> {
        let read = |text: String| text.parse().map_err(|error| format!("{name} is `{text}`: {error}"));
        self.text(name)?.map(read).transpose()
    }

    /// What the variables say, and `defaults` where they say nothing.
    pub fn config(&self, defaults: Config) -> Result<Config, String> {
        Ok(Config {
            tokens: self.list("PIK_TOKENS")?,
            token_list: None,
            cors_origins: self.list("PIK_CORS_ORIGINS")?,
            dry_run: self.parsed("DRY_RUN")?.unwrap_or(defaults.dry_run),
            max_event_bytes: self.parsed("PIK_MAX_EVENT_BYTES")?.unwrap_or(defaults.max_event_bytes),
            max_batch_bytes: self.parsed("PIK_MAX_BATCH_BYTES")?.unwrap_or(defaults.max_batch_bytes),
            max_batch_events: self.parsed("PIK_MAX_BATCH_EVENTS")?.unwrap_or(defaults.max_batch_events),
            rejections: RejectionBounds {
                records: self.parsed("PIK_REJECTED_RECORDS")?.unwrap_or(defaults.rejections.records),
                bytes: self.parsed("PIK_REJECTED_BYTES")?.unwrap_or(defaults.rejections.bytes),
                age_ms: self.parsed::<u32>("PIK_REJECTED_DAYS")?.map_or(defaults.rejections.age_ms, milliseconds),
            },
            rejections_a_minute: self.parsed("PIK_REJECTED_A_MINUTE")?.or(defaults.rejections_a_minute),
            keep_rejected_bodies: self.parsed("PIK_KEEP_REJECTED_BODIES")?.unwrap_or(defaults.keep_rejected_bodies),
            ..defaults
        })
    }

    /// The dimensions of metrics beside the host's name.
    pub fn dimensions(&self) -> Result<Dimensions, String> {
        Ok(self.parsed("PIK_METRIC_DIMENSIONS")?.unwrap_or_default())
    }
}

/// Days in milliseconds.
fn milliseconds(days: u32) -> i64 {
    i64::from(days) * 86_400_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Result<Config, String> {
        let of = |name: &str| Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()));
        Variables::new(of).config(Config { max_batch_events: 16, ..Config::default() })
    }

    #[test]
    fn what_is_not_said_is_the_default_and_what_is_empty_is_not_said() {
        let read =
            config(&[("PIK_MAX_EVENT_BYTES", "1000"), ("PIK_TOKENS", "a, b"), ("PIK_CORS_ORIGINS", "")]).unwrap();
        assert_eq!((read.max_event_bytes, read.max_batch_events), (1000, 16));
        assert_eq!((read.tokens, read.cors_origins.len()), (vec!["a".to_owned(), "b".to_owned()], 0));
    }

    #[test]
    fn what_cannot_be_right_is_told_with_its_name() {
        assert!(config(&[("DRY_RUN", "yes")]).unwrap_err().starts_with("DRY_RUN is `yes`: "));
        let unreadable = Variables::new(|name: &str| Err(format!("{name} is not UTF-8")));
        assert_eq!(unreadable.config(Config::default()).unwrap_err(), "PIK_TOKENS is not UTF-8");
    }
}
