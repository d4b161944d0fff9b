//! Questions of the page, asked of the host with the token.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// What of an answer the page may see: a host's cookies and its proxies' headers are not the page's.
const PASSED_ON: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::ETAG,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
];

/// A long poll and its way there and back.
const TIMEOUT: Duration = Duration::from_secs(90);
/// The longest answer: a page of records, or raw bytes, with room to spare.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// A host, and the token for it.
pub(crate) struct Proxy {
    agent: Agent,
    base: String,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    pub(crate) fn new(url: &str, token: Option<&str>) -> Result<Self> {
        let base = url.trim_end_matches('/');
        let uri: Uri = base.parse().with_context(|| format!("`{base}` is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() || uri.query().is_some() {
            bail!("`{base}` is not the URL of a host; write one such as http://127.0.0.1:8080");
        }
        let authorization = match token {
            None => None,
            Some(token) => {
                let value = HeaderValue::from_str(&format!("Bearer {token}")).ok().filter(|_| !token.is_empty());
                let mut value = value.context("the token is empty or has characters that no header carries")?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("pik-console/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build();
        Ok(Self { agent: config.into(), base: base.to_owned(), authorization })
    }

    /// The host's answer; a host that gives none is answered for in the API's shape.
    pub(crate) fn ask(&self, method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
        self.forward(method, uri, headers, body).unwrap_or_else(|error| {
            let message = format!("cannot ask {}: {error:#}", self.base);
            failed(StatusCode::BAD_GATEWAY, "unavailable", &message)
        })
    }

    fn forward(&self, method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Result<Response> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder().uri(format!("{}{path}", self.base));
        for name in [header::CONTENT_TYPE, header::IF_NONE_MATCH] {
            if let Some(value) = headers.get(&name) {
                request = request.header(name, value);
            }
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let reading = method == Method::GET || method == Method::HEAD;
        let request = request.method(method);
        let mut answer =
            if reading { self.agent.run(request.body(())?)? } else { self.agent.run(request.body(body.as_ref())?)? };
        let content = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        let mut response = Response::new(Body::from(content));
        *response.status_mut() = answer.status();
        for name in PASSED_ON {
            if let Some(value) = answer.headers().get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    }
}

/// An error in the API's shape.
pub(super) fn failed(status: StatusCode, code: &str, message: &str) -> Response {
    let problem = serde_json::json!({"status": "ERROR", "errors": [{"code": code, "path": "", "message": message}]});
    let mut response = Response::new(Body::from(problem.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
