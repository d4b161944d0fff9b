//! One request on its way through.

use core::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::Response;
use pik_core::{Receipt, is_request_id};

use crate::refusal::Refusal;
use crate::{Api, Endpoint, Exchange, Host, Observation, parameters};
use pik_core::Store;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request from its head alone, and needed to answer it whatever happens.
#[derive(Debug, Clone)]
pub struct Call {
    request_id: HeaderValue,
    endpoint: Endpoint,
    dry_run: bool,
    started: Duration,
    /// Of a page that may read the answer.
    origin: Option<HeaderValue>,
}

impl Call {
    pub(crate) fn begin<S: Store, H: Host>(api: &Api<S, H>, uri: &Uri, headers: &HeaderMap) -> Self {
        let endpoint = Endpoint::of(uri.path());
        Self {
            request_id: request_id(api.host(), headers),
            endpoint,
            dry_run: endpoint.takes_events() && (api.config().dry_run || parameters::asks_dry_run(uri.query())),
            started: api.host().monotonic(),
            origin: api.cors().allowed(headers),
        }
    }

    /// The id in `x-request-id`, in logs and in receipts.
    pub fn request_id(&self) -> &str {
        // INVARIANT: checked to be printable ASCII when it was taken or made.
        self.request_id.to_str().unwrap_or_default()
    }

    /// What is asked for.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// Whether nothing is to be written.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    pub(crate) fn origin(&self) -> Option<&HeaderValue> {
        self.origin.as_ref()
    }

    pub(crate) fn receipt(&self, nonce: u64, index: usize) -> Receipt {
        Receipt::new(self.request_id(), nonce, index)
    }

    /// Completes the answer and has the host take note of it.
    pub(crate) fn end<S: Store, H: Host>(
        self,
        api: &Api<S, H>,
        mut response: Response,
        observations: &[Observation<'_>],
    ) -> Response {
        api.host().observe(&Exchange {
            request_id: self.request_id(),
            endpoint: self.endpoint,
            http_status: response.status().as_u16(),
            latency: api.host().monotonic().saturating_sub(self.started),
            dry_run: self.dry_run,
            observations,
        });
        let headers = response.headers_mut();
        api.cors().mark(self.origin, headers);
        headers.insert(X_REQUEST_ID, self.request_id);
        response
    }

    /// [`Call::end`] or [`Call::refuse`], for a request without events.
    pub(crate) fn answer<S: Store, H: Host>(self, api: &Api<S, H>, answer: Result<Response, Refusal>) -> Response {
        match answer {
            Ok(response) => self.end(api, response, &[]),
            Err(refusal) => self.refuse(api, &refusal),
        }
    }

    pub(crate) fn refuse<S: Store, H: Host>(self, api: &Api<S, H>, refusal: &Refusal) -> Response {
        let response = refusal.response(self.dry_run);
        self.end(api, response, &[refusal.observation()])
    }
}

fn request_id<H: Host>(host: &H, headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(X_REQUEST_ID).filter(|value| value.to_str().is_ok_and(is_request_id));
    match given {
        Some(value) => value.clone(),
        None => {
            let made = host.request_id();
            debug_assert!(is_request_id(&made));
            HeaderValue::try_from(made).unwrap_or(HeaderValue::from_static("unnamed"))
        }
    }
}
