//! The Worker's own variables and secrets, beside those of [`pik_http::settings`].
//!
//! | name | meaning |
//! |---|---|
//! | `RAW_BUCKET` | the name of the bucket bound as `RAW`, for the records; required, unless events are forwarded |
//! | `PIK_ALLOW_ANONYMOUS` | `true`: without tokens, let every request in |
//! | `UPSTREAM` | the server that valid events are forwarded to, instead of keeping them here |
//! | `PIK_UPSTREAM_TIMEOUT` | how many seconds it has to answer |

use std::num::NonZeroU64;
use std::time::Duration;

use axum::http::Uri;
use pik_http::Config;
use pik_http::metric_lines::Dimensions;
use pik_http::settings::Variables;

/// What fits into the 50 calls to D1 and R2 that a request has on the free plan, three for each event.
const MAX_BATCH_EVENTS: usize = 16;

/// What a Worker's memory holds several times over.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

const UPSTREAM_TIMEOUT_SECONDS: u64 = 30;

/// What the Worker is told.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) config: Config,
    pub(crate) mode: Mode,
    pub(crate) dimensions: Dimensions,
}

/// Where valid events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Into R2 and D1.
    Store {
        /// What records name.
        bucket: String,
    },
    /// To a server.
    Gate(Upstream),
}

/// A server that events are forwarded to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Scheme, host and port, without a slash behind.
    pub(crate) origin: String,
    /// How long it has.
    pub(crate) timeout: Duration,
}

impl Environment {
    /// Reads it all; a value that cannot be right is an error that says what to do.
    pub(crate) fn read(variable: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Self, String> {
        let variables = Variables::new(variable);
        let mode = match variables.text("UPSTREAM")? {
            Some(url) => Mode::Gate(Upstream {
                origin: origin(&url)?,
                timeout: Duration::from_secs(
                    variables.parsed("PIK_UPSTREAM_TIMEOUT")?.map_or(UPSTREAM_TIMEOUT_SECONDS, NonZeroU64::get),
                ),
            }),
            None => Mode::Store { bucket: variables.required("RAW_BUCKET")? },
        };
        let defaults = Config::default();
        let max_batch_events = match &mode {
            Mode::Store { .. } => MAX_BATCH_EVENTS,
            // The server's to say.
            Mode::Gate(_) => defaults.max_batch_events,
        };
        let config = variables.config(Config { max_batch_bytes: MAX_BATCH_BYTES, max_batch_events, ..defaults })?;
        let dimensions = variables.dimensions()?;
        // A Worker's address is public. At a gate the server asks for tokens.
        let allows_anonymous = variables.parsed("PIK_ALLOW_ANONYMOUS")?.unwrap_or(false);
        if mode.keeps_events() && config.tokens.is_empty() && !allows_anonymous {
            return Err(
                "no tokens are set, so anyone could write; set the secret PIK_TOKENS, or PIK_ALLOW_ANONYMOUS to `true`"
                    .into(),
            );
        }
        Ok(Self { config, mode, dimensions })
    }
}

impl Mode {
    fn keeps_events(&self) -> bool {
        match self {
            Self::Store { .. } => true,
            Self::Gate(_) => false,
        }
    }
}

/// A URL without anything behind the port.
fn origin(url: &str) -> Result<String, String> {
    let wrong = || format!("UPSTREAM is `{url}`; write scheme, host and port alone, such as `https://pik.example`");
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
    let plain = ["http", "https"].contains(&scheme) && ["", "/"].contains(&uri.path()) && uri.query().is_none();
    // The user and password of a URL would be sent nowhere.
    if !plain || authority.as_str().contains('@') {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
        Environment::read(|name| {
            Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        })
    }

    const STORE: [(&str, &str); 2] = [("RAW_BUCKET", "raw"), ("PIK_TOKENS", "a, b")];

    #[test]
    fn defaults_suit_the_free_plan() {
        let Environment { config, mode, .. } = read(&STORE).unwrap();
        assert_eq!(mode, Mode::Store { bucket: "raw".into() });
        assert_eq!(config.tokens, ["a", "b"]);
        assert_eq!((config.max_batch_events, config.dry_run), (16, false));
    }

    #[test]
    fn everything_can_be_set() {
        let more = [
            ("DRY_RUN", "true"),
            ("PIK_MAX_EVENT_BYTES", "1000"),
            ("PIK_MAX_BATCH_BYTES", "2000"),
            ("PIK_MAX_BATCH_EVENTS", "300"),
            ("PIK_CORS_ORIGINS", "https://a.example,https://b.example"),
            ("PIK_METRIC_DIMENSIONS", "source"),
        ];
        let Environment { config, dimensions, .. } = read(&[&STORE[..], &more].concat()).unwrap();
        assert_eq!(dimensions, Dimensions { source: true, event_type: false });
        assert_eq!((config.max_event_bytes, config.max_batch_bytes, config.max_batch_events), (1000, 2000, 300));
        assert_eq!((config.dry_run, config.cors_origins.len()), (true, 2));
    }

    #[test]
    fn no_request_is_let_in_by_oversight() {
        let error = read(&STORE[..1]).unwrap_err();
        assert!(error.contains("PIK_ALLOW_ANONYMOUS"), "{error}");
        let error = read(&[STORE[0], ("PIK_TOKENS", "")]).unwrap_err();
        assert!(error.contains("PIK_TOKENS"), "{error}");
        assert!(read(&[STORE[0], ("PIK_ALLOW_ANONYMOUS", "true")]).unwrap().config.tokens.is_empty());
    }

    #[test]
    fn a_gate_needs_neither_bucket_nor_token() {
        let Environment { config, mode, .. } = read(&[("UPSTREAM", "https://pik.example:8443/")]).unwrap();
        let upstream = Upstream { origin: "https://pik.example:8443".into(), timeout: Duration::from_secs(30) };
        assert_eq!(mode, Mode::Gate(upstream));
        assert_eq!(config.max_batch_events, 10_000);
    }

    #[test]
    fn what_cannot_be_right_is_told() {
        for (name, value) in [
            ("DRY_RUN", "yes"),
            ("PIK_MAX_EVENT_BYTES", "1 MiB"),
            ("PIK_MAX_BATCH_EVENTS", "-1"),
            ("PIK_ALLOW_ANONYMOUS", "1"),
            ("PIK_METRIC_DIMENSIONS", "entity_id"),
            ("UPSTREAM", "pik.example"),
            ("UPSTREAM", "ftp://pik.example"),
            ("UPSTREAM", "https://pik.example/ingest"),
            ("UPSTREAM", "https://pik.example?a=b"),
            ("UPSTREAM", "https://user:password@pik.example"),
        ] {
            let error = read(&[("RAW_BUCKET", "raw"), (name, value)]).unwrap_err();
            assert!(error.starts_with(name), "{error}");
        }
        let error = read(&[("UPSTREAM", "http://pik.example"), ("PIK_UPSTREAM_TIMEOUT", "0")]).unwrap_err();
        assert!(error.starts_with("PIK_UPSTREAM_TIMEOUT"), "{error}");
        assert!(read(&[]).unwrap_err().starts_with("RAW_BUCKET"));
    }
}
