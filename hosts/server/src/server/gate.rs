//! What stands between a connection and the Router: the limit on requests, their time-outs, and panics.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use pik_core::Store;
use pik_http::{Api, HostFault};
use tower_service::Service;

use super::{Limits, ServerHost};
use super::body::ClockedBody;
use super::clock::{Phase, PhaseClock};

/// Answers the requests of a connection.
pub(crate) trait Answers: Send + Sync + 'static {
    /// The answer to a request; notes the phases of its connection.
    fn answer(&self, request: Request<Incoming>, clock: &Arc<PhaseClock>) -> impl Future<Output = Response> + Send;

    /// The answer to a request whose head does not end.
    fn slow_head(&self) -> Response;
}

/// The Router behind its limits.
pub(crate) struct Gate<S> {
    api: Api<S, ServerHost>,
    router: Router,
    max_requests: usize,
}

impl<S: Store> Gate<S> {
    pub(crate) fn new(api: Api<S, ServerHost>, limits: &Limits) -> Self {
        Self { router: api.router(), api, max_requests: limits.requests }
    }
}

impl<S: Store> Answers for Gate<S> {
    async fn answer(&self, request: Request<Incoming>, clock: &Arc<PhaseClock>) -> Response {
        clock.begin_request();
        let mut request = request.map(|incoming| Body::new(ClockedBody::new(incoming, Arc::clone(clock))));
        let call = self.api.begin(&mut request);
        let in_flight = InFlight::enter(&self.api.host().metrics().in_flight);
        // Who asks whether the server is well must hear it when it is busy.
        let response = if in_flight.count > self.max_requests && call.endpoint().takes_events() {
            self.api.refuse(call, HostFault::Overloaded, Some("too many requests at once".into()))
        } else {
            match guarded(self.router.clone().call(request), clock).await {
                Ok(response) => response,
                Err((fault, reason)) => self.api.refuse(call, fault, Some(reason.into())),
            }
        };
        clock.end_request();
        response
    }

    fn slow_head(&self) -> Response {
        let call = self.api.begin(&mut Request::default());
        self.api.refuse(call, HostFault::Timeout, Some("the request's head did not arrive in time".into()))
    }
}

/// Polls until there is an answer, the time is over, or something panics.
async fn guarded(
    answer: impl Future<Output = Result<Response, Infallible>>,
    clock: &PhaseClock,
) -> Result<Response, (HostFault, &'static str)> {
    let mut answer = pin!(answer);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(Poll::Ready(Ok(response))) => Poll::Ready(Ok(response)),
        Ok(Poll::Pending) if clock.expired() => Poll::Ready(Err((
            HostFault::Timeout,
            if clock.phase() == Phase::Body {
                "the body did not arrive in time"
            } else {
                "the store did not answer in time"
            },
        ))),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(Err((HostFault::Internal, "a panic; the log has its place"))),
    })
    .await
}

/// One of the requests being answered, until it is dropped.
struct InFlight<'a> {
    all: &'a AtomicUsize,
    /// With this one.
    count: usize,
}

impl<'a> InFlight<'a> {
    fn enter(all: &'a AtomicUsize) -> Self {
        Self { all, count: all.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}
