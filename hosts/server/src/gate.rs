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
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::Incoming;
use pik_core::{Investigate, Store};
use pik_http::{Api, Call, HostFault};
use tower_service::Service;

use crate::body::ClockedBody;
use crate::clock::{Phase, PhaseClock};
use crate::{Limits, Metrics, ServerHost};

/// What an address serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    /// The Router, and the metrics to whoever has a token.
    EventsAndMetrics,
    /// The Router alone.
    Events,
    /// The metrics alone, to everybody who can reach the address.
    Metrics,
}

/// Answers the requests of connections.
pub(crate) struct Gate<S> {
    api: Api<S, ServerHost>,
    router: Router,
    surface: Surface,
    max_requests: usize,
}

impl<S: Store + Investigate> Gate<S> {
    pub(crate) fn new(api: Api<S, ServerHost>, surface: Surface, limits: &Limits) -> Self {
        Self { router: api.router(), api, surface, max_requests: limits.requests }
    }

    /// The answer to a request; notes the phases of its connection.
    pub(crate) async fn answer(&self, request: Request<Incoming>, clock: &Arc<PhaseClock>) -> Response {
        clock.begin_request();
        let mut request = request.map(|incoming| Body::new(ClockedBody::new(incoming, Arc::clone(clock))));
        let call = self.api.begin(&mut request);
        let in_flight = InFlight::enter(&self.api.host().metrics().in_flight);
        // Who asks whether the server is well must hear it when it is busy.
        let response = if in_flight.count > self.max_requests && call.endpoint().takes_events() {
            self.api.refuse(call, HostFault::Overloaded, Some("too many requests at once".into()))
        } else if self.surface != Surface::Events && is_metrics(&request) {
            self.metrics(call, request)
        } else {
            if self.surface == Surface::Metrics {
                *request.uri_mut() = Uri::from_static("/");
            }
            match guarded(self.router.clone().call(request), clock).await {
                Ok(response) => response,
                Err((fault, reason)) => self.api.refuse(call, fault, Some(reason.into())),
            }
        };
        clock.end_request();
        response
    }

    /// The answer to a request whose head does not end.
    pub(crate) fn slow_head(&self) -> Response {
        let call = self.api.begin(&mut Request::default());
        self.api.refuse(call, HostFault::Timeout, Some("the request's head did not arrive in time".into()))
    }

    fn metrics(&self, call: Call, request: Request<Body>) -> Response {
        let (head, _) = request.into_parts();
        // Volumes and lags are not for everybody: where clients come, the tokens protect them like the rest.
        let admitted = match self.surface {
            Surface::Metrics => Ok(call),
            Surface::EventsAndMetrics | Surface::Events => self.api.admit(call, &head),
        };
        match admitted.map(|call| (call, self.api.host().metrics().text())) {
            Ok((_, Ok(text))) => ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], text).into_response(),
            Ok((call, Err(error))) => self.api.refuse(call, HostFault::Internal, Some(error.to_string())),
            Err(refusal) => *refusal,
        }
    }
}

fn is_metrics(request: &Request<Body>) -> bool {
    request.uri().path() == "/metrics" && request.method() == Method::GET
}

/// Polls until there is an answer, the time is over, or something panics.
async fn guarded(
    answer: impl Future<Output = Result<Response, Infallible>>,
    clock: &PhaseClock,
) -> Result<Response, (HostFault, &'static str)> {
    let mut answer = pin!(answer);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(Poll::Ready(Ok(response))) => Poll::Ready(Ok(response)),
        Ok(Poll::Pending) if clock.expired() => Poll::Ready(Err((HostFault::Timeout, late(clock.phase())))),
        Ok(Poll::Pending) => Poll::Pending,
        Err(_) => Poll::Ready(Err((HostFault::Internal, "a panic; the log has its place"))),
    })
    .await
}

fn late(phase: Phase) -> &'static str {
    match phase {
        Phase::Body => "the body did not arrive in time",
        Phase::Idle | Phase::Head | Phase::Answer => "the store did not answer in time",
    }
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
