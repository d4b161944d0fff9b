//! One request and its answer.

use std::time::{Duration, SystemTime};

use ureq::Agent;
use ureq::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};

use crate::answer::problem_of;
use crate::{Error, Problem};

/// The longest answer that is read: a page of records, or results for a batch, with room to spare.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// A pool of connections to one host, and the token for it.
pub(crate) struct Connection {
    agent: Agent,
    base: String,
    authorization: Option<HeaderValue>,
}

/// What a host answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    retry_after: Option<HeaderValue>,
    location: Option<String>,
    pub(crate) body: Vec<u8>,
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

impl Reply {
    fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        let headers = response.headers();
        let location =
            headers.get(header::LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok(Self { status: response.status(), retry_after: retry_after_value(headers), location, body })
    }

    /// How long the host asks to wait.
    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        retry_after(self.retry_after.as_ref()?.to_str().ok()?, now)
    }

    /// The error that an answer without a result is.
    pub(crate) fn into_error(self) -> Error {
        let status = self.status.as_u16();
        if let (true, Some(location)) = (self.status.is_redirection(), self.location) {
            return Error::Redirected { status, location };
        }
        let problem: Option<Problem> = problem_of(&self.body);
        // A proxy answers 429, 502 or 504 where the host itself would not.
        let may_pass = self.status.is_server_error()
            || matches!(self.status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
        match problem {
            problem if may_pass => Error::Unavailable { status, problem },
            Some(problem) => Error::Refused { status, problem },
            None if self.status == StatusCode::PAYLOAD_TOO_LARGE => Error::ProxyLimit,
            None => Error::NotAHost { status, reason: "an answer that is not a host's".to_owned() },
        }
    }
}

fn retry_after_value(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::RETRY_AFTER).cloned()
}

/// Seconds, or a date of HTTP. A number of seconds that does not fit is the longest time there is.
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date that has passed asks for no wait.
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let cases = [
            ("3", Some(Duration::from_secs(3))),
            ("0", Some(Duration::ZERO)),
            ("18446744073709551615", Some(Duration::from_secs(u64::MAX))),
            ("99999999999999999999999", Some(Duration::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(Duration::from_secs(60))),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(Duration::from_secs(60))),
            ("Sun Nov  6 08:50:37 1994", Some(Duration::from_secs(60))),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(Duration::ZERO)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(retry_after(text, now), expected, "{text}");
        }
    }
}
