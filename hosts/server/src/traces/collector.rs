//! The way to the collector, over HTTP or HTTPS.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::tally::Tally;

/// A collector says less than a kilobyte.
const MAX_ANSWER_BYTES: u64 = 65_536;

/// Sends what it is given, in the thread that asks: the queue has one of its own.
#[derive(Debug)]
pub(super) struct Collector {
    agent: Agent,
    tally: Arc<Tally>,
}

impl Collector {
    pub(super) fn new(timeout: Duration, tally: Arc<Tally>) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
        Self { agent: config.build().into(), tally }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
        let (head, body) = request.into_parts();
        let answer = self.agent.run(Request::from_parts(head, &*body))?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok(Response::from_parts(head, body.into()))
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.send(request).map_err(|error| {
            // What asks for this drops the error.
            self.tally.note_reason(error.to_string());
            error.into()
        })
    }
}
