//! What a host decides.

use core::fmt;

use axum::http::HeaderValue;
use pik_core::{MAX_BODY_BYTES, RejectionBounds};

use crate::TokenList;

/// What a host decides. [`Config::default`] asks for no token and allows no foreign origin.
#[derive(Debug, Clone)]
pub struct Config {
    /// The bearer tokens of which each request to anything but `/healthz`, `/readyz` and `/openapi.json` must carry
    /// one. Without any, every request is let in.
    pub tokens: Vec<String>,
    /// Tokens with names, each for what its bearer may do. With a list, even an empty one, requests need a token.
    pub token_list: Option<TokenList>,
    /// Validate and look up, but write nothing, whatever a request says.
    pub dry_run: bool,
    /// The most bytes of one event, at most [`MAX_BODY_BYTES`].
    pub max_event_bytes: usize,
    /// The most bytes of a batch, as received and as inflated.
    pub max_batch_bytes: usize,
    /// The most events of a batch.
    pub max_batch_events: usize,
    /// The most bytes that the bodies of all requests under way may take together, inflated ones and the events read
    /// out of them included. A request beyond is answered 503 `overloaded`.
    pub max_bytes_under_way: usize,
    /// Whether `/metrics` is served beside the API, to clients with a token where there are tokens.
    pub metrics: bool,
    /// The origins whose pages may call this, such as `https://app.example`. Without any there is no CORS.
    pub cors_origins: Vec<String>,
    /// How much evidence of refused events the store keeps.
    pub rejections: RejectionBounds,
    /// The most records of refused events that this host begins in a minute; the rest is counted. For stores that are
    /// paid by the write.
    pub rejections_a_minute: Option<usize>,
    /// Whether the first bytes of refused bodies are kept, too.
    pub keep_rejected_bodies: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            token_list: None,
            dry_run: false,
            max_event_bytes: MAX_BODY_BYTES,
            max_batch_bytes: 16 * 1024 * 1024,
            max_batch_events: 10_000,
            max_bytes_under_way: 256 * 1024 * 1024,
            metrics: false,
            cors_origins: Vec::new(),
            rejections: RejectionBounds::default(),
            rejections_a_minute: None,
            keep_rejected_bodies: false,
        }
    }
}

/// A value that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// A token is empty or has characters that no `Authorization` header can carry.
    Token,
    /// Not an origin as browsers send it.
    Origin(String),
    /// A limit on the size of an event that is 0 or over [`MAX_BODY_BYTES`].
    MaxEventBytes(usize),
    /// A limit on batches that is 0.
    BatchLimit,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token => f.write_str(
                "a token is empty or has a character other than letters, digits and -._~+/=; make another one",
            ),
            Self::Origin(origin) => write!(
                f,
                "`{origin}` is not an origin; write scheme, host and port as browsers send them, such as `https://app.example`, in lower case and without a path"
            ),
            Self::MaxEventBytes(bytes) => {
                write!(f, "an event limit of {bytes} bytes; choose 1 to {MAX_BODY_BYTES}")
            }
            Self::BatchLimit => f.write_str("a batch limit of 0; choose at least 1"),
        }
    }
}

impl core::error::Error for ConfigError {}

impl Config {
    /// Whether requests need a token.
    pub fn asks_for_tokens(&self) -> bool {
        !self.tokens.is_empty() || self.token_list.is_some()
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !self.tokens.iter().all(|token| is_token(token)) {
            return Err(ConfigError::Token);
        }
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(ConfigError::Origin(origin.clone()));
        }
        if !(1..=MAX_BODY_BYTES).contains(&self.max_event_bytes) {
            return Err(ConfigError::MaxEventBytes(self.max_event_bytes));
        }
        if self.max_batch_bytes == 0 || self.max_batch_events == 0 {
            return Err(ConfigError::BatchLimit);
        }
        Ok(())
    }
}

/// RFC 6750's `b64token`, a little wider.
fn is_token(token: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !token.is_empty() && token.bytes().all(allowed)
}

fn is_origin(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && !b"/?#@*\\\"".contains(&byte);
    !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || b"+-.".contains(&byte) || byte.is_ascii_digit())
        && !host.is_empty()
        && host.bytes().all(plain)
        && HeaderValue::from_str(origin).is_ok()
}
