//! A host that is asked over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use ureq::Agent;
use ureq::http::{StatusCode, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};

/// An answer that does not come within this time does not come.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The longest answer that is read: a page of records, or results for a batch, with room to spare.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// A connection pool to one host, and who we are there.
pub(crate) struct Remote {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

/// What a host answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// How long the host asks us to wait.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Remote {
    /// Prepares to ask; fails on a URL that cannot be right.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Result<Self> {
        let base = url.trim_end_matches('/');
        let uri: Uri = base.parse().with_context(|| format!("`{base}` is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() || uri.query().is_some() {
            bail!("`{base}` is not the URL of a host; write one such as http://127.0.0.1:8080");
        }
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("pik/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        let authorization = token.map(|token| format!("Bearer {token}"));
        Ok(Self { agent: config.into(), base: base.to_owned(), authorization })
    }

    /// The URL it was given, for messages and journals.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Asks once.
    pub(crate) fn get(&self, path: &str, parameters: &[(&str, String)]) -> Result<Reply> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in parameters {
            request = request.query(name, value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.call().and_then(Reply::read).with_context(|| format!("cannot ask {}", self.base))
    }

    /// Sends once.
    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Reply> {
        let mut request = self.agent.post(format!("{}{path}", self.base)).header(header::CONTENT_TYPE, content_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.send(body).and_then(Reply::read).with_context(|| format!("cannot send to {}", self.base))
    }
}

impl Reply {
    fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok(Self { status: response.status(), retry_after, body })
    }

    /// What the host says is wrong, for a person.
    pub(crate) fn complaint(&self) -> String {
        #[derive(Deserialize)]
        struct Failed {
            errors: Vec<Failure>,
        }
        #[derive(Deserialize)]
        struct Failure {
            code: String,
            message: String,
        }
        let told =
            serde_json::from_slice::<Failed>(&self.body).ok().and_then(|failed| failed.errors.into_iter().next());
        match told {
            Some(Failure { code, message }) => format!("{code}: {message}"),
            None => format!("HTTP {}; is this the URL of a pik host?", self.status.as_u16()),
        }
    }

    /// Whether the same request may fare better later. A proxy answers 429, 502 or 504 where the host itself would not.
    pub(crate) fn may_pass(&self) -> bool {
        self.status.is_server_error()
            || matches!(self.status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
    }
}
