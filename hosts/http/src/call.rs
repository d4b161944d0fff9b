//! One request on its way through.

use core::time::Duration;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use axum::response::Response;
use pik_core::{CountedCode, IngestTime, is_request_id};

use crate::evidence::Witness;
use crate::request::origin::Origin;
use crate::request::parameters::Parameters;
use crate::request::tokens::{Bearer, Denied};
use crate::response::Reply;
use crate::service::Service;
use crate::{Endpoint, Exchange, Host, Meter, Observation, Rate, Scope};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is logged of a request whose connection ended before its answer, as nginx does.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What is served where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The API.
    Api,
    /// The metrics alone, and to all clients that can reach the address.
    Metrics,
}

/// What is known of a request from its head alone, and needed to answer it whatever happens.
#[derive(Debug, Clone)]
pub struct Call {
    request_id: HeaderValue,
    method: Method,
    endpoint: Endpoint,
    admitted: Result<Option<Bearer>, Denied>,
    parameters: Parameters,
    dry_run: bool,
    started: Duration,
    from: Origin,
    /// Of a page that may read the answer.
    origin: Option<HeaderValue>,
}

impl Call {
    pub(crate) fn begin<S, H: Host, B>(service: &Service<S, H>, surface: Surface, request: &Request<B>) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let endpoint = match (Endpoint::of(uri.path()), surface) {
            (Endpoint::Metrics, Surface::Api) if !service.config().metrics => Endpoint::Unknown,
            (Endpoint::Metrics, Surface::Metrics) => Endpoint::Metrics,
            (_, Surface::Metrics) => Endpoint::Unknown,
            (endpoint, Surface::Api) => endpoint,
        };
        let parameters = Parameters::read(uri.query());
        let admitted = match scope(endpoint, surface) {
            Some(scope) => service.tokens().admit(headers, scope),
            None => Ok(None),
        };
        Self {
            request_id: request_id(service.host(), headers),
            method: request.method().clone(),
            endpoint,
            admitted,
            dry_run: endpoint.takes_events() && (service.config().dry_run || parameters.ask_dry_run()),
            parameters,
            started: service.host().monotonic(),
            from: Origin::of(headers, request.extensions()),
            origin: service.cors().allowed(headers),
        }
    }

    /// The id in `x-request-id`, in logs and in receipts.
    pub fn request_id(&self) -> &str {
        self.request_id.to_str().expect("a request id is printable ASCII: it was checked when it was taken or made")
    }

    /// What is to be known of this request if its events are refused.
    pub(crate) fn witness<S, H: Host>(&self, service: &Service<S, H>) -> Witness {
        Witness {
            waiting: Arc::clone(service.waiting()),
            request_id: self.request_id.clone(),
            user_agent: self.from.user_agent.clone(),
            token: self.bearer().map(|bearer| bearer.token.as_str().to_owned()),
            dry_run: self.dry_run,
            keeps_bodies: service.config().keep_rejected_bodies,
        }
    }

    /// Counts a request to ingest that was refused before its body was looked into.
    pub(crate) fn count_refused<S, H: Host>(&self, service: &Service<S, H>, code: Option<CountedCode>) {
        let now = IngestTime::from_unix_ms(service.host().now_ms());
        if let (Some(code), Some(now), true) = (code, now, self.endpoint.takes_events()) {
            self.witness(service).counted(now, code);
        }
    }

    /// What is asked for.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// Whether nothing is to be written.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(crate) fn origin(&self) -> Option<&HeaderValue> {
        self.origin.as_ref()
    }

    /// Whether the request is let in.
    pub(crate) fn admitted(&self) -> Result<(), Denied> {
        self.admitted.as_ref().map(|_| ()).map_err(|denied| *denied)
    }

    /// Whose token lets the request in, where it has a name.
    pub(crate) fn bearer(&self) -> Option<&Bearer> {
        self.admitted.as_ref().ok()?.as_ref()
    }

    /// What counts the bodies of the request's token, where it has limits.
    pub(crate) fn meter<S, H: Host>(&self, service: &Service<S, H>) -> Option<Arc<dyn Meter>> {
        let Bearer { token, allowance } = self.bearer().filter(|bearer| !bearer.allowance.is_endless())?;
        let config = service.config();
        service.host().meter(token, Rate::of_events(*allowance, config), Rate::of_bytes(*allowance, config))
    }

    /// Completes the answer and has the host take note of it.
    pub(crate) fn end<S, H: Host>(&self, service: &Service<S, H>, reply: Reply) -> Response {
        let Reply { mut response, observations } = reply;
        self.observe(service, response.status().as_u16(), &observations);
        let headers = response.headers_mut();
        service.cors().mark(self.origin.clone(), headers);
        headers.insert(X_REQUEST_ID, self.request_id.clone());
        response
    }

    /// Has the host take note of a request that gets no answer.
    pub(crate) fn abandon<S, H: Host>(&self, service: &Service<S, H>, reason: &str) {
        self.observe(service, CLIENT_CLOSED_REQUEST, &[Observation::abandoned(reason)]);
    }

    fn observe<S, H: Host>(&self, service: &Service<S, H>, http_status: u16, observations: &[Observation]) {
        service.host().observe(&Exchange {
            request_id: self.request_id(),
            method: &self.method,
            endpoint: self.endpoint,
            client: self.from.client,
            user_agent: self.from.user_agent.as_ref(),
            traceparent: self.from.traceparent.as_ref(),
            token: self.bearer().map(|bearer| &bearer.token),
            http_status,
            latency: service.host().monotonic().saturating_sub(self.started),
            dry_run: self.dry_run,
            observations,
        });
    }
}

/// What a token must be for where there are tokens. Load balancers ask for health without one and learn nothing; the
/// description says no more than the source does.
const fn scope(endpoint: Endpoint, surface: Surface) -> Option<Scope> {
    match (endpoint, surface) {
        (Endpoint::Health | Endpoint::Ready | Endpoint::OpenApi | Endpoint::Unknown, _)
        | (Endpoint::Metrics, Surface::Metrics) => None,
        (Endpoint::Metrics, Surface::Api) => Some(Scope::Metrics),
        (Endpoint::Ingest | Endpoint::IngestBatch, _) => Some(Scope::Ingest),
        (
            Endpoint::Events
            | Endpoint::EventsLookup
            | Endpoint::EventsRaw
            | Endpoint::Event
            | Endpoint::EventRaw
            | Endpoint::Stats
            | Endpoint::Streams
            | Endpoint::Rejections
            | Endpoint::RejectionStats,
            _,
        ) => Some(Scope::Read),
    }
}

fn request_id<H: Host>(host: &H, headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(X_REQUEST_ID).filter(|value| value.to_str().is_ok_and(is_request_id));
    match given {
        Some(value) => value.clone(),
        None => {
            let made = host.request_id();
            debug_assert!(is_request_id(&made));
            HeaderValue::try_from(made).expect("a host makes request ids of printable ASCII")
        }
    }
}
