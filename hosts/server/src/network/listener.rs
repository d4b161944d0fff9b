//! Accepting connections, and the end of it.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use pik_core::{Investigate, Store};
use prometheus::IntGauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::{self, FAREWELL};
use super::http2;
use super::slots::{Slot, Slots};
use crate::gate::Gate;
use crate::{Course, Limits};

/// A pause after a failure to accept, which is nearly always a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// How long clients may wait to be accepted while the last requests before a restart are answered. One that connects at
/// the last moment and asks nothing is left after [`FAREWELL`].
const HELD: Duration = Duration::from_millis(1_250);

/// Serves connections until `course` says otherwise, then answers what is in flight, for a bounded time. True if all was
/// answered.
pub(crate) async fn serve<S: Store + Investigate>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    gate: Arc<Gate<S>>,
    limits: Limits,
    connections: IntGauge,
    course: watch::Receiver<Course>,
) -> bool {
    let slots = Arc::new(Slots::new(limits.connections));
    let mut door = Door { listener, tls, gate, limits, connections, slots, course };
    let mut course = door.course.clone();
    door.accept_until(Course::ends(&mut course)).await;
    let stops = *course.borrow() != Course::HandOver;
    if !stops && let Some(all_answered) = door.hand_over(course).await {
        return all_answered;
    }
    let Door { listener, slots, .. } = door;
    drop(listener);
    timeout(limits.shutdown, slots.all_free()).await.is_ok()
}

/// Where connections come in, and what each of them is given.
struct Door<S: Store + Investigate> {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    gate: Arc<Gate<S>>,
    limits: Limits,
    connections: IntGauge,
    slots: Arc<Slots>,
    course: watch::Receiver<Course>,
}

impl<S: Store + Investigate> Door<S> {
    /// Serves whoever comes while what is slow ends: the next process cannot begin before that, and a client that only holds
    /// its connection would keep all new ones waiting. Then the door is closed for the moment that fast requests take. If
    /// something slow has slipped in, all begins again, for as long as the server may take to stop. Nothing if it is to stop
    /// after all.
    async fn hand_over(&mut self, mut course: watch::Receiver<Course>) -> Option<bool> {
        let last = Instant::now() + self.limits.shutdown;
        loop {
            let slots = Arc::clone(&self.slots);
            self.accept_until(async {
                tokio::select! {
                    () = Course::stops(&mut course) => {}
                    () = slots.all_younger(FAREWELL) => {}
                    () = sleep_until(last) => {}
                }
            })
            .await;
            if *course.borrow() == Course::Stop {
                return None;
            }
            if timeout(HELD, self.slots.all_free()).await.is_ok() {
                return Some(true);
            }
            if Instant::now() >= last {
                return Some(false);
            }
        }
    }

    async fn accept_until(&mut self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut end => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.let_in(stream, peer).await,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Serves a connection once there is a slot for it. Whoever was accepted is let in, unless the server stops.
    async fn let_in(&mut self, stream: TcpStream, peer: SocketAddr) {
        // An answer is one write; there is nothing to gather.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection broke");
            return;
        }
        let slot = tokio::select! {
            biased;
            slot = self.slots.take() => slot,
            () = Course::stops(&mut self.course) => return,
        };
        let (gate, limits, connections) = (Arc::clone(&self.gate), self.limits, self.connections.clone());
        let (tls, course) = (self.tls.clone(), self.course.clone());
        tokio::spawn(async move {
            connections.inc();
            match tls {
                None => connection::serve(stream, peer.ip(), slot, gate, limits, course).await,
                Some(tls) => {
                    if let Some(stream) = handshake(&tls, stream, &slot, limits, course.clone()).await {
                        match stream.get_ref().1.alpn_protocol() {
                            Some(b"h2") => http2::serve(stream, peer.ip(), slot, gate, limits, course).await,
                            Some(_) | None => connection::serve(stream, peer.ip(), slot, gate, limits, course).await,
                        }
                    }
                }
            }
            connections.dec();
        });
    }
}

/// The connection over TLS; nothing if the client does not get there in time, or its slot is wanted for another.
async fn handshake(
    tls: &TlsAcceptor,
    stream: TcpStream,
    slot: &Slot,
    limits: Limits,
    mut course: watch::Receiver<Course>,
) -> Option<TlsStream<TcpStream>> {
    tokio::select! {
        shaken = timeout(limits.header, tls.accept(stream)) => match shaken {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS handshake");
                None
            }
            Err(_) => {
                tracing::debug!("the TLS handshake took too long");
                None
            }
        },
        () = slot.close.notified() => None,
        // Whoever only holds a connection keeps no restart waiting.
        () = async {
            Course::ends(&mut course).await;
            sleep(FAREWELL).await;
        } => None,
    }
}
