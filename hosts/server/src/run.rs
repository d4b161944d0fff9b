//! From a service to a process that serves it, and to its end.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use ipnet::IpNet;
use pik_core::{Investigate, Store};
use pik_http::{Api, Surface};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::gate::Gate;
use crate::network::serve;
use crate::signals::{Asked, Signals};
use crate::{Course, Limits, ServerHost, Sockets, Tls, Watched};

/// What clients meet.
#[derive(Debug)]
pub struct Front {
    /// Where they connect.
    pub sockets: Sockets,
    /// The certificate, where the API is served over TLS. Metrics with a socket of their own are not.
    pub tls: Option<Arc<Tls>>,
    /// The names in `Host` that are served beside `localhost` and IP addresses where no token is asked for.
    pub host_names: Vec<String>,
    /// The proxies whose `X-Forwarded-For` is believed: the log then has the address of the client behind them.
    pub proxies: Vec<IpNet>,
    /// Whether the web console is served beside the API.
    pub console: bool,
}

/// How serving ended.
#[derive(Debug)]
pub enum End {
    /// For good.
    Stopped,
    /// Another process is to go on at these sockets: [`Sockets::hand_over`], once nothing of this one is in its way.
    Restart(Sockets),
}

/// A server that listens, and serves when it is asked to.
pub struct Server<S: Store + Investigate> {
    api: Api<S, ServerHost>,
    limits: Limits,
    events: (TcpListener, Arc<Gate<S>>),
    tls: Option<Arc<Tls>>,
    metrics: Option<(TcpListener, Arc<Gate<S>>)>,
}

/// Serves until a signal, reads files again when they change or SIGHUP comes, answers what is in flight, and closes the store.
pub fn run<S: Store + Investigate>(
    api: Api<S, ServerHost>,
    front: Front,
    limits: Limits,
    files: &[Arc<dyn Watched>],
) -> anyhow::Result<End> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that serve")?;
    let done = runtime.block_on(async {
        let signals = Signals::listen().context("cannot listen for signals")?;
        let kept = front.sockets.try_clone()?;
        let server = Server::new(api, front, limits)?;
        if let Some((listener, _)) = &server.metrics {
            tell("metrics", "http", "/metrics", listener)?;
        }
        let scheme = if server.tls.is_some() { "https" } else { "http" };
        tell("listening", scheme, "", &server.events.0)?;
        Ok(until_signalled(server, kept, signals, files).await)
    });
    // Requests that outlived the time to stop end here, and with the last of them the store closes.
    drop(runtime);
    done
}

impl<S: Store + Investigate> Server<S> {
    /// Clients can connect already; they are served by [`Server::serve`]. Needs a Tokio runtime.
    pub fn new(api: Api<S, ServerHost>, front: Front, limits: Limits) -> anyhow::Result<Self> {
        let Front { sockets, tls, host_names, proxies, console } = front;
        let Sockets { events, metrics } = sockets;
        let metrics = match metrics {
            Some(listener) => {
                let gate = Gate::new(api.clone(), Surface::Metrics, Vec::new(), Vec::new(), false, &limits);
                Some((waited_for(listener)?, Arc::new(gate)))
            }
            None => None,
        };
        let gate = Arc::new(Gate::new(api.clone(), Surface::Api, host_names, proxies, console, &limits));
        Ok(Self { api, limits, events: (waited_for(events)?, gate), tls, metrics })
    }

    /// Where the API is: the port may have been chosen a moment ago.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.events.0.local_addr()
    }

    /// Serves until `course` says otherwise, then answers what is in flight, for a bounded time. True if all was answered.
    pub async fn serve(self, course: watch::Receiver<Course>) -> bool {
        self.api.host().follow(course.clone());
        let connections = self.api.host().counters().connections.clone();
        // Until the last event is answered, so that the end can be watched.
        let (watched, course_of_metrics) = watch::channel(Course::Serve);
        if let Some((listener, gate)) = self.metrics {
            tokio::spawn(serve(listener, None, gate, self.limits, connections.clone(), course_of_metrics));
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
        let all_answered =
            serve(listener, self.tls.as_deref().map(Tls::acceptor), gate, self.limits, connections, course).await;
        let _ = watched.send(Course::Stop);
        // Nothing more is refused. What waits is written, unless the store is away.
        drop(end);
        if tokio::time::timeout(self.limits.shutdown, evidence).await.is_err() {
            tracing::warn!("evidence of refused events was not written");
        }
        all_answered
    }
}

/// Has Tokio wait for a socket's clients.
fn waited_for(listener: std::net::TcpListener) -> std::io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// `kept` are the sockets that the server listens at; while one of their copies is open, clients can connect.
async fn until_signalled<S: Store + Investigate>(
    server: Server<S>,
    kept: Sockets,
    mut signals: Signals,
    files: &[Arc<dyn Watched>],
) -> End {
    let (steer, course) = watch::channel(Course::Serve);
    let mut kept = Some(kept);
    let signalled = async {
        loop {
            let next = match signals.next(files).await {
                // It is not to serve on, if it is about to end.
                Asked::Restart if kept.is_none() => continue,
                Asked::Restart => {
                    tracing::info!("restarting");
                    Course::HandOver
                }
                Asked::Stop if kept.is_some() => {
                    tracing::info!("stopping");
                    kept = None;
                    Course::Stop
                }
                // A second signal: the sender does not want to wait.
                Asked::Stop => return,
            };
            // Serving may have ended by itself; then there is no receiver.
            let _ = steer.send(next);
        }
    };
    let all_answered = tokio::select! {
        all_answered = server.serve(course) => all_answered,
        () = signalled => false,
    };
    if !all_answered {
        tracing::warn!("requests in flight were not answered");
    }
    kept.map_or(End::Stopped, End::Restart)
}

/// Tells people and programs where this listens; the port may have been chosen a moment ago.
fn tell(what: &str, scheme: &str, path: &str, listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "{what}");
    let mut stdout = std::io::stdout().lock();
    // Whoever read it for the first process may have gone.
    let _ = writeln!(stdout, "{what} on {scheme}://{address}{path}").and_then(|()| stdout.flush());
    Ok(())
}
