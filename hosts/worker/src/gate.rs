//! The edge gate: what is wrong is answered here, the rest goes on to a server and its answer comes back.
//!
//! Single events are validated whole. Of a batch the token, parameters, content type, size and number of events are
//! checked; its events are the server's to judge, which answers for all of them in their order. Questions go on as they
//! are. `/healthz`, `/openapi.json`, preflights and what is not served at all are answered here.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::future::{Either, select};
use pik_http::{Api, Config, Endpoint, HostFault, Screened, X_PIK_EVENT_ID};
use worker::{AbortController, Delay, Fetch, RequestInit, RequestRedirect, js_sys};

use crate::WorkerHost;
use crate::environment::Upstream;
use crate::nowhere::Nowhere;

/// What of a request goes on, beside the request id, the event id and the body.
const FORWARDED: [HeaderName; 5] =
    [header::ACCEPT, header::AUTHORIZATION, header::CONTENT_ENCODING, header::CONTENT_TYPE, header::IF_NONE_MATCH];

/// What of an answer comes back.
const RETURNED: [HeaderName; 8] = [
    header::ACCEPT_ENCODING,
    header::ALLOW,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::ETAG,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    header::X_CONTENT_TYPE_OPTIONS,
];

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A gate in front of a server.
pub(crate) struct Gate {
    api: Api<Nowhere, WorkerHost>,
    upstream: Upstream,
}

/// What the server said.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Gate {
    pub(crate) fn new(host: WorkerHost, config: Config, upstream: Upstream) -> Result<Self, pik_http::ConfigError> {
        Ok(Self { api: Api::new(Nowhere, host, config)?, upstream })
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        if !goes_on(&request) {
            let call = self.api.begin(&request);
            return self.api.answer(&call, request).await;
        }
        let screened = match self.api.screen(request).await {
            Ok(screened) => screened,
            Err(answer) => return answer,
        };
        match self.forward(&screened).await {
            Ok(Answered { status, headers, body }) => {
                let mut response = Response::new(Body::from(body.clone()));
                *response.status_mut() = status;
                for name in RETURNED {
                    response.headers_mut().extend(headers.get(&name).map(|value| (name, value.clone())));
                }
                self.api.relay(&screened.call, screened.event, response, &body)
            }
            Err(reason) => self.api.refuse(&screened.call, HostFault::Unavailable, Some(reason)),
        }
    }

    /// Sends a request on; why there is no answer of a server's.
    async fn forward(&self, screened: &Screened) -> Result<Answered, String> {
        let controller = AbortController::default();
        let signal = controller.signal();
        let request = self.request(screened).map_err(|error| format!("the request to UPSTREAM: {error}"))?;
        let fetch = Fetch::Request(request);
        let exchange = async {
            let mut answer = fetch.send_with_signal(&signal).await?;
            let body = answer.bytes().await?;
            Ok::<_, worker::Error>((answer, body))
        };
        let limit = Delay::from(self.upstream.timeout);
        let (answer, body) = match select(Box::pin(exchange), limit).await {
            Either::Left((answered, _)) => answered.map_err(|error| format!("UPSTREAM cannot be reached: {error}"))?,
            Either::Right(((), _)) => {
                controller.abort();
                return Err(format!("UPSTREAM did not answer within {} s", self.upstream.timeout.as_secs()));
            }
        };
        let status = StatusCode::from_u16(answer.status_code()).map_err(|error| format!("UPSTREAM: {error}"))?;
        let headers = HeaderMap::from(answer.headers());
        if !is_of_a_server(status, &headers) {
            return Err(format!("UPSTREAM answered {status}, and not as a pik server does"));
        }
        Ok(Answered { status, headers, body: body.into() })
    }

    fn request(&self, screened: &Screened) -> worker::Result<worker::Request> {
        let Screened { call, head, body, event } = screened;
        let mut headers = HeaderMap::new();
        for name in FORWARDED {
            for value in head.headers.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        headers.extend(HeaderValue::from_str(call.request_id()).ok().map(|value| (X_REQUEST_ID, value)));
        if let Some(event) = event {
            headers.extend(HeaderValue::try_from(event.event_id.to_string()).ok().map(|value| (X_PIK_EVENT_ID, value)));
        }
        let mut init = RequestInit::new();
        init.with_method(worker::Method::from(head.method.as_str().to_owned()))
            .with_headers((&headers).into())
            // An answer that sends the event elsewhere is none.
            .with_redirect(RequestRedirect::Manual);
        if head.method == Method::POST {
            init.with_body(Some(js_sys::Uint8Array::from(&body[..]).into()));
        }
        worker::Request::new_with_init(&self.address(screened), &init)
    }

    /// Where a request goes on to: the same path, with `dry_run` where this host asks for it.
    fn address(&self, Screened { call, head, .. }: &Screened) -> String {
        let origin = &self.upstream.origin;
        let path = head.uri.path();
        let query = if call.dry_run() { Some("dry_run=true") } else { head.uri.query() };
        match query {
            Some(query) => format!("{origin}{path}?{query}"),
            None => format!("{origin}{path}"),
        }
    }
}

/// Whether a request is the server's to answer.
fn goes_on(request: &Request) -> bool {
    let is_question = request.method() == Method::GET || request.method() == Method::HEAD;
    match Endpoint::of(request.uri().path()) {
        Endpoint::Ingest | Endpoint::IngestBatch | Endpoint::EventsLookup | Endpoint::EventsRaw => {
            request.method() == Method::POST
        }
        Endpoint::Ready
        | Endpoint::Events
        | Endpoint::Event
        | Endpoint::EventRaw
        | Endpoint::Stats
        | Endpoint::Streams
        | Endpoint::Rejections
        | Endpoint::RejectionStats => is_question,
        Endpoint::Health | Endpoint::Metrics | Endpoint::OpenApi | Endpoint::Unknown => false,
    }
}

/// Whether an answer is a server's, rather than that of a proxy in front of a server that is away.
fn is_of_a_server(status: StatusCode, headers: &HeaderMap) -> bool {
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    headers.contains_key(X_REQUEST_ID) && (is_json || status == StatusCode::NOT_MODIFIED)
}
