//! The service: a store, a host and what the host decides.

use core::future::Future;
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use http_body::Body as _;
use pik_core::{Investigate, Rejections, Store, StoreError};

use crate::evidence::drain;
use crate::request::body::discard;
use crate::service::Service;
use crate::{Call, Config, ConfigError, Host, HostFault, Surface, resources};

/// The service. Clones share everything.
pub struct Api<S, H>(Arc<Service<S, H>>);

impl<S, H> Clone for Api<S, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Store + Investigate, H: Host> Api<S, H> {
    /// The Router to serve, for a host that need not answer anything by itself.
    pub fn router(&self) -> Router {
        let api = self.clone();
        Router::new().fallback(move |request: Request| {
            let api = api.clone();
            async move {
                let call = api.begin(&request);
                api.answer(&call, request).await
            }
        })
    }

    /// Answers a request that [`Api::begin`] took note of, and has the host observe the answer.
    pub async fn answer(&self, call: &Call, request: Request) -> Response {
        let (head, mut body) = request.into_parts();
        let reply = match resources::reply(&self.0, call, &head, &mut body).await {
            Ok(reply) => reply,
            Err(refusal) => {
                call.count_refused(&self.0, refusal.uncounted());
                self.read_on(call, &head, &mut body).await;
                refusal.reply(call.dry_run())
            }
        };
        let response = call.end(&self.0, reply);
        if head.method == Method::HEAD { without_body(response) } else { response }
    }
}

impl<S: Rejections, H: Host> Api<S, H> {
    /// Writes the evidence of refused events that waits, for a host that ends or sleeps after each answer. Costs nothing
    /// when there is none.
    pub async fn write_evidence(&self) -> Result<(), StoreError> {
        if self.0.waiting().is_idle() { Ok(()) } else { self.0.write_evidence().await }
    }

    /// Writes evidence behind the answers until `stop`, for a host that goes on. `pause` waits for as long as it is told.
    pub async fn drain_evidence<P: Future<Output = ()>>(
        &self,
        pause: impl Fn(Duration) -> P,
        stop: impl Future<Output = ()>,
    ) {
        drain(self.0.waiting(), async || self.0.write_evidence().await.is_ok(), pause, stop).await;
    }
}

impl<S: Store, H: Host> Api<S, H> {
    /// A service on `store`; fails on a configuration that cannot be right.
    pub fn new(store: S, host: H, config: Config) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Service::new(store, host, config)?)))
    }

    /// Takes note of a request to the API, for [`Api::answer`] or for a host that has to answer it by itself.
    pub fn begin<B>(&self, request: &axum::http::Request<B>) -> Call {
        self.begin_at(Surface::Api, request)
    }

    /// [`Api::begin`] where something else than the API may be served.
    pub fn begin_at<B>(&self, surface: Surface, request: &axum::http::Request<B>) -> Call {
        Call::begin(&self.0, surface, request)
    }

    /// The answer of a host that cannot let the Router answer; observed like any other. `reason` is for the log.
    pub fn refuse(&self, call: &Call, fault: HostFault, reason: Option<String>) -> Response {
        call.end(&self.0, fault.refusal(reason).reply(call.dry_run()))
    }

    /// [`Api::refuse`] of a request whose body was not read: it is read on and dropped first, so that the client gets to
    /// read the answer.
    pub async fn decline(&self, call: &Call, request: Request, fault: HostFault, reason: Option<String>) -> Response {
        let (head, mut body) = request.into_parts();
        self.read_on(call, &head, &mut body).await;
        self.refuse(call, fault, reason)
    }

    /// Reads a body on that is not wanted.
    pub(crate) async fn read_on(&self, call: &Call, head: &Parts, body: &mut Body) {
        // A client that waits to be told to go on has sent nothing yet, and need not.
        if !head.headers.contains_key(header::EXPECT) {
            discard(body, resources::body_limit(self.config(), call.endpoint())).await;
        }
    }

    /// Takes note of a request that gets no answer, because its connection or the process ended.
    pub fn abandon(&self, call: &Call, reason: &str) {
        call.abandon(&self.0, reason);
    }

    /// The store.
    pub fn store(&self) -> &S {
        self.0.store()
    }

    /// The host.
    pub fn host(&self) -> &H {
        self.0.host()
    }

    /// What the host decided.
    pub fn config(&self) -> &Config {
        self.0.config()
    }

    pub(crate) fn service(&self) -> &Service<S, H> {
        &self.0
    }
}

/// The answer to HEAD: that to GET, with the length of what is left out.
fn without_body(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Body::empty())
}
