//! Accepting connections, and the end of it.

use std::sync::Arc;
use std::time::Duration;

use pik_core::{Investigate, Store};
use prometheus::IntGauge;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::connection;
use super::slots::Slots;
use crate::Limits;
use crate::gate::Gate;

/// A pause after a failure to accept, which is nearly always a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until `stop`, then answers what is in flight, for a bounded time. True if all was answered.
pub(crate) async fn serve<S: Store + Investigate>(
    listener: TcpListener,
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
        () = accept(&listener, &gate, limits, &connections, &slots, &stop) => {}
    }
    drop(listener);
    tokio::time::timeout(limits.shutdown, slots.all_free()).await.is_ok()
}

async fn accept<S: Store + Investigate>(
    listener: &TcpListener,
    gate: &Arc<Gate<S>>,
    limits: Limits,
    connections: &IntGauge,
    slots: &Arc<Slots>,
    stop: &watch::Receiver<bool>,
) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
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
        let (gate, stop, connections) = (Arc::clone(gate), stop.clone(), connections.clone());
        tokio::spawn(async move {
            connections.inc();
            connection::serve(stream, slot, gate, limits, stop).await;
            connections.dec();
        });
    }
}
