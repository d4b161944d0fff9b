//! One request and its answer.

use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderValue, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};

use crate::Error;
use crate::reply::Reply;

/// A pool of connections to one host, and the token for it.
pub(crate) struct Connection {
    agent: Agent,
    base: String,
    authorization: Option<HeaderValue>,
}

impl Connection {
    pub(crate) fn new(url: &str, token: Option<&str>, user_agent: &str, timeout: Duration) -> Result<Self, Error> {
        let base = url.trim_end_matches('/');
        let wrong = || {
            let why = format!("`{base}` is not the URL of a host; write one such as http://127.0.0.1:8080");
            Error::Configuration(why)
        };
        let uri: Uri = base.parse().map_err(|_| wrong())?;
        // A name and password in the URL would be kept in logs and journals, and would not be sent.
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() || uri.query().is_some() {
            return Err(wrong());
        }
        if has_user {
            return Err(Error::Configuration("a URL has no place for a user; give the token apart".to_owned()));
        }
        let authorization = match token {
            None => None,
            Some(token) => {
                let value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| !token.is_empty());
                let mut value = value.ok_or_else(|| {
                    Error::Configuration("the token is empty or has characters that no header carries".to_owned())
                })?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .user_agent(user_agent)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build();
        Ok(Self { agent: config.into(), base: base.to_owned(), authorization })
    }

    /// The URL without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn get(&self, path: &str, parameters: &[(&str, String)]) -> Result<Reply, Error> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in parameters {
            request = request.query(name, value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.call().and_then(Reply::read).map_err(|error| self.no_answer(&error))
    }

    pub(crate) fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Reply, Error> {
        let mut request = self.agent.post(format!("{}{path}", self.base)).header(header::CONTENT_TYPE, content_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.send(body).and_then(Reply::read).map_err(|error| self.no_answer(&error))
    }

    fn no_answer(&self, error: &ureq::Error) -> Error {
        Error::NoAnswer { base: self.base.clone(), reason: error.to_string() }
    }
}
