//! From a service to a process that serves it, and to its end.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use pik_core::{Investigate, Store};
use pik_http::{Api, Surface};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::gate::Gate;
use crate::network::{bind, serve};
use crate::signals::Signals;
use crate::{Limits, ServerHost, TokensFile};

/// Where to listen, and for which names.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The API.
    pub events: SocketAddr,
    /// The metrics, where they have an address of their own.
    pub metrics: Option<SocketAddr>,
    /// The names in `Host` that are served beside `localhost` and IP addresses where no token is asked for.
    pub host_names: Vec<String>,
    /// Whether the web console is served beside the API.
    pub console: bool,
}

/// A server that listens, and serves when it is asked to.
pub struct Server<S: Store + Investigate> {
    api: Api<S, ServerHost>,
    limits: Limits,
    events: (TcpListener, Arc<Gate<S>>),
    metrics: Option<(TcpListener, Arc<Gate<S>>)>,
}

/// Serves until a signal, reads the file of tokens again when it changes or SIGHUP comes, answers what is in flight, and closes the store.
pub fn run<S: Store + Investigate>(
    api: Api<S, ServerHost>,
    addresses: Addresses,
    limits: Limits,
    tokens: Option<TokensFile>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that serve")?;
    let done = runtime.block_on(async {
        let signals = Signals::listen().context("cannot listen for signals")?;
        let server = Server::bind(api, addresses, limits)?;
        if let Some((listener, _)) = &server.metrics {
            tell("metrics", "/metrics", listener)?;
        }
        tell("listening", "", &server.events.0)?;
        until_signalled(server, signals, tokens.as_ref()).await;
        Ok(())
    });
    // Requests that outlived the time to stop end here, and with the last of them the store closes.
    drop(runtime);
    done
}

impl<S: Store + Investigate> Server<S> {
    /// Listens, so that clients can connect; they are served by [`Server::serve`]. Needs a Tokio runtime.
    pub fn bind(api: Api<S, ServerHost>, addresses: Addresses, limits: Limits) -> anyhow::Result<Self> {
        let Addresses { events, metrics, host_names, console } = addresses;
        let open = |address| bind(address).with_context(|| format!("cannot listen at {address}"));
        let events = open(events)?;
        let metrics = match metrics {
            Some(address) => {
                Some((open(address)?, Arc::new(Gate::new(api.clone(), Surface::Metrics, Vec::new(), false, &limits))))
            }
            None => None,
        };
        let gate = Arc::new(Gate::new(api.clone(), Surface::Api, host_names, console, &limits));
        Ok(Self { api, limits, events: (events, gate), metrics })
    }

    /// Where the API is: the port may have been chosen a moment ago.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.events.0.local_addr()
    }

    /// Serves until `stop` is true, then answers what is in flight, for a bounded time. True if all was answered.
    pub async fn serve(self, stop: watch::Receiver<bool>) -> bool {
        self.api.host().stop_waits_at(stop.clone());
        let connections = self.api.host().counters().connections.clone();
        if let Some((listener, gate)) = self.metrics {
            tokio::spawn(serve(listener, gate, self.limits, connections.clone(), stop.clone()));
        }
        let (end, ended) = oneshot::channel::<()>();
        let api = self.api.clone();
        let evidence = tokio::spawn(async move {
            let stop = async {
                // Dropped, or sent: it is the end.
                let _ = ended.await;
            };
            api.drain_evidence(tokio::time::sleep, stop).await;
        });
        let (listener, gate) = self.events;
        let all_answered = serve(listener, gate, self.limits, connections, stop).await;
        // Nothing more is refused. What waits is written, unless the store is away.
        drop(end);
        if tokio::time::timeout(self.limits.shutdown, evidence).await.is_err() {
            tracing::warn!("evidence of refused events was not written");
        }
        all_answered
    }
}

async fn until_signalled<S: Store + Investigate>(server: Server<S>, mut signals: Signals, tokens: Option<&TokensFile>) {
    let (stop, stopped) = watch::channel(false);
    let signalled = async {
        signals.next(tokens).await;
        tracing::info!("stopping");
        // Serving may have ended by itself; then there is no receiver.
        let _ = stop.send(true);
        signals.next(tokens).await;
    };
    let all_answered = tokio::select! {
        all_answered = server.serve(stopped) => all_answered,
        // A second signal: the sender does not want to wait.
        () = signalled => false,
    };
    if !all_answered {
        tracing::warn!("requests in flight were not answered");
    }
}

/// Tells people and programs where this listens; the port may have been chosen a moment ago.
fn tell(what: &str, path: &str, listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "{what}");
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{what} on http://{address}{path}")?;
    Ok(stdout.flush()?)
}
