//! One connection over HTTP/2, with many requests at once.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pik_core::{Investigate, Store};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use super::connection::{FAREWELL, LINGER, READ_BYTES, drain};
use super::returned::Returned;
use super::slots::Slot;
use super::unsent::{AnswerBody, Unsent};
use crate::clock::{Phase, PhaseClock};
use crate::gate::{Admission, Gate};
use crate::{Course, Limits};

/// Requests at once of one connection.
const STREAMS: u32 = 128;

/// What a connection holds of bodies before anybody looks at them, all requests together.
const WINDOW_BYTES: u32 = 256 * 1024;

/// What waits of one answer to be written.
const SEND_BYTES: usize = 64 * 1024;

/// How often a client must show that it is there, and how soon.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// Serves requests until the client, a time-out, another connection or the end of the server ends the connection.
pub(super) async fn serve<S: Store + Investigate>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
    slot: Slot,
    gate: Arc<Gate<S>>,
    limits: Limits,
    mut course: watch::Receiver<Course>,
) {
    let clock = Arc::clone(&slot.clock);
    let shared = Arc::new(Shared {
        unsent: Arc::new(Unsent::new(Arc::clone(&clock))),
        clock: Arc::clone(&clock),
        leave: Notify::new(),
        gate,
        peer,
        limits,
    });
    let service = service_fn(|request| {
        let (shared, admission) = (Arc::clone(&shared), slot.admission());
        async move { shared.answer(request, admission).await }
    });
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_header_list_size(READ_BYTES as u32)
        .max_send_buf_size(SEND_BYTES)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG);
    let (stream, returned) = Returned::new(stream);
    let mut connection = Box::pin(http.serve_connection(TokioIo::new(stream), service));
    let mut tick = interval_at(Instant::now() + limits.tick(), limits.tick());
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut stopping, mut leaving) = (false, false);
    let mut farewell = pin!(sleep(FAREWELL));
    loop {
        let leave = tokio::select! {
            // What has arrived is looked at before the clock and the signal.
            biased;
            ended = connection.as_mut() => match ended {
                Ok(()) => break,
                Err(error) => {
                    tracing::debug!(%error, "connection broke");
                    return;
                }
            },
            _ = tick.tick() => match clock.check(&limits) {
                // Nobody reads what it was told.
                Some(Phase::Idle) if leaving || shared.unsent.is_any() || !clock.any_request() => return,
                Some(Phase::Idle) => true,
                // Each request has a clock of its own.
                Some(Phase::Head | Phase::Body | Phase::Answer) | None => false,
            },
            () = slot.close.notified() => {
                if clock.waiting().is_some() {
                    return;
                }
                false
            }
            () = Course::ends(&mut course), if !stopping => {
                stopping = true;
                farewell.as_mut().reset(Instant::now() + FAREWELL);
                // One that was just opened has a request at hand, and not each client sends it again elsewhere.
                clock.any_request()
            }
            () = shared.leave.notified(), if !leaving => true,
            () = &mut farewell, if stopping || leaving => {
                // The client was told, and had the time to go.
                if leaving && clock.waiting().is_some() && !shared.unsent.is_any() {
                    return;
                }
                farewell.as_mut().reset(Instant::now() + limits.tick());
                true
            }
        };
        if leave && !leaving {
            leaving = true;
            // What arrives until the client has heard of it is answered.
            connection.as_mut().graceful_shutdown();
            farewell.as_mut().reset(Instant::now() + FAREWELL);
        }
    }
    drop(connection);
    if let Ok(mut stream) = returned.await {
        let _ = timeout(LINGER, drain(&mut stream)).await;
    }
}

/// What all requests of a connection use.
struct Shared<S: Store + Investigate> {
    gate: Arc<Gate<S>>,
    peer: IpAddr,
    limits: Limits,
    clock: Arc<PhaseClock>,
    unsent: Arc<Unsent>,
    /// Told when the connection is to take no more requests.
    leave: Notify,
}

impl<S: Store + Investigate> Shared<S> {
    /// An error resets the request's stream, and the connection goes on.
    async fn answer(&self, request: Request<Incoming>, admission: Admission) -> io::Result<Response<AnswerBody>> {
        let _working = Working::begin(&self.clock);
        if admission == Admission::HealthOnly || self.gate.is_ending() {
            self.leave.notify_one();
        }
        timeout(self.limits.request, self.unsent.room()).await?;
        let clock = Arc::new(PhaseClock::new());
        let mut answer = pin!(self.gate.answer(request, self.peer, &clock, admission));
        let response = loop {
            tokio::select! {
                biased;
                response = &mut answer => break response,
                () = sleep(self.limits.tick()) => {
                    // The answer sees it when it is polled again.
                    clock.check(&self.limits);
                }
            }
        };
        Ok(response.map(|body| AnswerBody::new(body, Arc::clone(&self.unsent))))
    }
}

/// A request that is being answered, until it is dropped.
struct Working<'a>(&'a PhaseClock);

impl<'a> Working<'a> {
    fn begin(clock: &'a PhaseClock) -> Self {
        clock.begin_stream();
        Self(clock)
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.end_stream();
    }
}
