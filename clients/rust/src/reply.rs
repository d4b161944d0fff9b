//! What a host answered.

use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::refusal::problem_of;
use crate::{Error, Problem};

/// The longest answer that is read: a page of records, or results for a batch, with room to spare.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// What a host answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    retry_after: Option<HeaderValue>,
    location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
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
