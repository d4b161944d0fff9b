//! What stands between a connection and the Router: names, limits, time-outs, panics, and answers that come too late.

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use ipnet::IpNet;
use pik_core::{Investigate, Store};
use pik_http::{Api, Call, Client, Endpoint, HostFault, Surface};

use self::body::ClockedBody;
use self::host_names::HostNames;
use self::proxies::Proxies;
use crate::clock::{Phase, PhaseClock};
use crate::{Limits, ServerHost};

mod body;
mod host_names;
mod proxies;

/// Answers the requests of connections.
pub(crate) struct Gate<S: Store + Investigate> {
    api: Api<S, ServerHost>,
    surface: Surface,
    host_names: HostNames,
    proxies: Proxies,
    console: bool,
    max_requests: usize,
}

/// What a connection may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Everything.
    Full,
    /// Its health alone, because there are too many connections.
    HealthOnly,
}

type Refused = (HostFault, String);

impl<S: Store + Investigate> Gate<S> {
    /// `host_names` are served beside the local ones where no token is asked for.
    pub(crate) fn new(
        api: Api<S, ServerHost>,
        surface: Surface,
        host_names: Vec<String>,
        proxies: Vec<IpNet>,
        console: bool,
        limits: &Limits,
    ) -> Self {
        // Metrics with an address of their own are for all that can reach it.
        let open = surface == Surface::Api && !api.config().asks_for_tokens();
        let host_names = if open { HostNames::Only(host_names) } else { HostNames::Any };
        Self { api, surface, host_names, proxies: Proxies(proxies), console, max_requests: limits.requests }
    }

    /// The answer to a request; notes the phases of its connection.
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        clock: &Arc<PhaseClock>,
        admission: Admission,
    ) -> Response {
        clock.begin_request();
        // HTTP/2 forbids the header, and has another way to say it.
        let may_close = request.version() < Version::HTTP_2;
        let mut request = request.map(|incoming| Body::new(ClockedBody::new(incoming, Arc::clone(clock), !may_close)));
        let mut response = match self.page(&request, admission) {
            Some(page) => page,
            None => {
                let client = self.proxies.client(peer, request.headers());
                request.extensions_mut().insert(Client(client));
                self.of_api(request, clock, admission).await
            }
        };
        if may_close && (admission == Admission::HealthOnly || self.is_ending()) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        clock.end_request();
        response
    }

    /// Whether connections are to end with their next answer.
    pub(crate) fn is_ending(&self) -> bool {
        self.api.host().is_ending()
    }

    async fn of_api(&self, request: Request<Body>, clock: &PhaseClock, admission: Admission) -> Response {
        let call = self.api.begin_at(self.surface, &request);
        let open = Open { api: &self.api, call: &call };
        let in_flight = InFlight::enter(&self.api.host().counters().in_flight);
        let answer = async {
            match self.check(&request, &call, &in_flight, admission) {
                Ok(()) => self.api.answer(&call, request).await,
                Err((fault, reason)) => {
                    drop(in_flight);
                    self.api.decline(&call, request, fault, Some(reason)).await
                }
            }
        };
        let response = match guarded(answer, clock).await {
            Ok(response) => response,
            Err((fault, reason)) => self.api.refuse(&call, fault, Some(reason.into())),
        };
        open.close();
        response
    }

    /// The answer to a request for the web console: it has no data, so it asks for no token, and it is no part of the API,
    /// so neither logs nor metrics have it.
    fn page(&self, request: &Request<Body>, admission: Admission) -> Option<Response> {
        let served = self.console && admission == Admission::Full;
        let (version, uri, headers) = (request.version(), request.uri(), request.headers());
        (served && self.host_names.check(version, uri, headers).is_ok())
            .then(|| pik_console::answer(request.method(), uri, headers))
            .flatten()
    }

    fn check(
        &self,
        request: &Request<Body>,
        call: &Call,
        in_flight: &InFlight<'_>,
        admission: Admission,
    ) -> Result<(), Refused> {
        // A load balancer knows the server by any name, and must hear how it is when it is busy, too.
        let is_health = matches!(call.endpoint(), Endpoint::Health | Endpoint::Ready);
        match self.host_names.check(request.version(), request.uri(), request.headers()) {
            Ok(()) => {}
            Err(HostFault::UnknownHost) if is_health => {}
            Err(fault) => return Err((fault, "the Host header".into())),
        }
        if admission == Admission::HealthOnly && !is_health {
            return Err((HostFault::Overloaded, "too many connections at once".into()));
        }
        if in_flight.count > self.max_requests && call.endpoint().takes_events() {
            return Err((HostFault::Overloaded, "too many requests at once".into()));
        }
        Ok(())
    }

    /// The answer to a request whose head does not end.
    pub(crate) fn slow_head(&self) -> Response {
        self.refuse_head(HostFault::Timeout, "the request's head did not arrive in time")
    }

    /// The answer in place of hyper's own, which has a status and no words.
    pub(crate) fn not_http(&self, status: u16, reason: &str) -> Response {
        let fault = match StatusCode::from_u16(status) {
            Ok(StatusCode::URI_TOO_LONG) => HostFault::TargetTooLong,
            Ok(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => HostFault::HeadTooLong,
            Ok(_) | Err(_) => HostFault::Malformed,
        };
        self.refuse_head(fault, reason)
    }

    fn refuse_head(&self, fault: HostFault, reason: &str) -> Response {
        let call = self.api.begin_at(self.surface, &Request::new(()));
        self.api.refuse(&call, fault, Some(reason.into()))
    }
}

/// Polls until there is an answer, the time is over, or something panics.
async fn guarded(
    answer: impl Future<Output = Response>,
    clock: &PhaseClock,
) -> Result<Response, (HostFault, &'static str)> {
    let mut answer = pin!(answer);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
        // A body whose time is over ends with an error, so the answer was waiting for something else.
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

/// A request without its answer yet. Dropped as such when the connection or the process ends first.
struct Open<'a, S: Store + Investigate> {
    api: &'a Api<S, ServerHost>,
    call: &'a Call,
}

impl<S: Store + Investigate> Open<'_, S> {
    fn close(self) {
        std::mem::forget(self);
    }
}

impl<S: Store + Investigate> Drop for Open<'_, S> {
    fn drop(&mut self) {
        self.api.abandon(self.call, "the connection ended before the answer; what was under way may be stored");
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
