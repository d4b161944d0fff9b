//! From a service to a process that serves it, and to its end.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use pik_core::{Investigate, Store};
use pik_http::Api;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::gate::{Gate, Surface};
use crate::listener::{bind, serve};
use crate::signals::Signals;
use crate::{Limits, ServerHost};

/// Where to listen.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The API.
    pub events: SocketAddr,
    /// The metrics are at the address of the events unless they have their own.
    pub metrics: Option<SocketAddr>,
}

/// Serves until a signal, answers what is in flight, and closes the store.
pub fn run<S: Store + Investigate>(
    api: Api<S, ServerHost>,
    addresses: Addresses,
    limits: Limits,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that serve")?;
    let done = runtime.block_on(listen(api, addresses, limits));
    // Requests that outlived the time to stop end here, and with the last of them the store closes.
    drop(runtime);
    done
}

async fn listen<S: Store + Investigate>(
    api: Api<S, ServerHost>,
    addresses: Addresses,
    limits: Limits,
) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let (stop, stopped) = watch::channel(false);
    let connections = api.host().metrics().connections.clone();
    let open = |address| bind(address).with_context(|| format!("cannot listen at {address}"));
    let listener = open(addresses.events)?;
    let mut surface = Surface::EventsAndMetrics;
    if let Some(address) = addresses.metrics {
        surface = Surface::Events;
        let listener = open(address)?;
        tell("metrics", "/metrics", &listener)?;
        let gate = Arc::new(Gate::new(api.clone(), Surface::Metrics, &limits));
        tokio::spawn(serve(listener, gate, limits, connections.clone(), stopped.clone()));
    }
    tell("listening", "", &listener)?;
    let gate = Arc::new(Gate::new(api, surface, &limits));
    let serving = serve(listener, gate, limits, connections, stopped);
    let signalled = async {
        signals.next().await;
        tracing::info!("stopping");
        // Nobody hears it when serving has ended by itself.
        let _ = stop.send(true);
        signals.next().await;
    };
    let all_answered = tokio::select! {
        all_answered = serving => all_answered,
        // A second signal: somebody is in a hurry.
        () = signalled => false,
    };
    if !all_answered {
        tracing::warn!("requests in flight were not answered");
    }
    Ok(())
}

/// Tells people and programs where this listens; the port may have been chosen a moment ago.
fn tell(what: &str, path: &str, listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "{what}");
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{what} on http://{address}{path}")?;
    Ok(stdout.flush()?)
}
