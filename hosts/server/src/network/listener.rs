//! Accepting connections, and the end of it.

use std::sync::Arc;
use std::time::Duration;

use pik_core::{Investigate, Store};
use prometheus::IntGauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection;
use super::slots::{Slot, Slots};
use crate::Limits;
use crate::gate::Gate;

/// A pause after a failure to accept, which is nearly always a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `stop`, then answers what is in flight, for a bounded time. True if all was answered.
pub(crate) async fn serve<S: Store + Investigate>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    gate: Arc<Gate<S>>,
    limits: Limits,
    connections: IntGauge,
    stop: watch::Receiver<bool>,
) -> bool {
    let slots = Arc::new(Slots::new(limits.connections));
    let mut stopped = stop.clone();
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stop| *stop) => {}
        () = accept(&listener, tls.as_ref(), &gate, limits, &connections, &slots, &stop) => {}
    }
    drop(listener);
    tokio::time::timeout(limits.shutdown, slots.all_free()).await.is_ok()
}

async fn accept<S: Store + Investigate>(
    listener: &TcpListener,
    tls: Option<&TlsAcceptor>,
    gate: &Arc<Gate<S>>,
    limits: Limits,
    connections: &IntGauge,
    slots: &Arc<Slots>,
    stop: &watch::Receiver<bool>,
) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // An answer is one write; there is nothing to gather.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection broke");
            continue;
        }
        let slot = slots.take().await;
        let (gate, stop, connections, tls) = (Arc::clone(gate), stop.clone(), connections.clone(), tls.cloned());
        tokio::spawn(async move {
            connections.inc();
            match tls {
                None => connection::serve(stream, peer, slot, gate, limits, stop).await,
                Some(tls) => {
                    if let Some(stream) = handshake(&tls, stream, &slot, limits, stop.clone()).await {
                        connection::serve(stream, peer, slot, gate, limits, stop).await;
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
    mut stop: watch::Receiver<bool>,
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
            let _ = stop.wait_for(|stop| *stop).await;
            sleep(connection::FAREWELL).await;
        } => None,
    }
}
