//! `pik serve`: the server.

use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ArgAction;
use pik_core::{MAX_BODY_BYTES, Store};
use pik_http::{Api, Config};
use pik_sqlite::{Options, SqliteStore};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::server::{Gate, Level, Limits, Log, Metrics, ServerHost, Signals, bind, serve};

/// The database in the data folder.
const DATABASE: &str = "pik.sqlite";

/// Serve the HTTP API, storing events in one SQLite file.
///
/// Prints `listening on http://ADDRESS` on standard output once it takes requests. Logs go to standard error, one JSON
/// object a line. SIGTERM and SIGINT end it in good order: no new connections, answers to all requests in flight, then the
/// database is closed.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address to listen at; port 0 takes a free one
    #[arg(long, env = "PIK_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,

    /// The folder of the database; made if it is missing
    #[arg(long, env = "PIK_DATA", value_name = "FOLDER", default_value = "./data")]
    data: PathBuf,

    /// Validate and look up events, and write nothing
    #[arg(
        long,
        env = "DRY_RUN",
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value_t = false,
        action = ArgAction::Set
    )]
    dry_run: bool,

    /// A bearer token that lets requests in, or several with commas between. Better set in the environment, where other users
    /// of the machine cannot read it
    #[arg(long = "token", env = "PIK_TOKENS", value_name = "TOKEN", value_delimiter = ',', hide_env_values = true)]
    tokens: Vec<String>,

    /// Listen beyond this machine though there is no token
    #[arg(long, env = "PIK_ALLOW_ANONYMOUS")]
    allow_anonymous: bool,

    /// An origin whose pages may call this, such as https://app.example, or several with commas between
    #[arg(long = "cors-origin", env = "PIK_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origins: Vec<String>,

    /// What is worth a log line
    #[arg(long, env = "LOG_LEVEL", value_enum, default_value_t = Level::Info)]
    log_level: Level,

    /// The most bytes of one event
    #[arg(long, env = "PIK_MAX_EVENT_BYTES", value_name = "BYTES", default_value_t = MAX_BODY_BYTES)]
    max_event_bytes: usize,

    /// The most bytes of a batch, as sent and as inflated
    #[arg(long, env = "PIK_MAX_BATCH_BYTES", value_name = "BYTES", default_value_t = Config::default().max_batch_bytes)]
    max_batch_bytes: usize,

    /// The most events of a batch
    #[arg(long, env = "PIK_MAX_BATCH_EVENTS", value_name = "COUNT", default_value_t = Config::default().max_batch_events)]
    max_batch_events: usize,

    /// The most requests at once; more are answered 503 with Retry-After
    #[arg(long, env = "PIK_MAX_REQUESTS", value_name = "COUNT", default_value = "1024", value_parser = count)]
    max_requests: usize,

    /// The most connections at once; more wait. Each takes a file descriptor (`ulimit -n`)
    #[arg(long, env = "PIK_MAX_CONNECTIONS", value_name = "COUNT", default_value = "900", value_parser = count)]
    max_connections: usize,

    /// How long a request's head may take, in seconds
    #[arg(long, env = "PIK_HEADER_TIMEOUT", value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    header_timeout: Duration,

    /// How long a request's body may take, in seconds
    #[arg(long, env = "PIK_BODY_TIMEOUT", value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    body_timeout: Duration,

    /// How long a request may take from its head to its answer, in seconds
    #[arg(long, env = "PIK_REQUEST_TIMEOUT", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    request_timeout: Duration,

    /// How long a connection may wait for its next request, in seconds; longer than in the load balancer before it
    #[arg(long, env = "PIK_IDLE_TIMEOUT", value_name = "SECONDS", default_value = "75", value_parser = seconds)]
    idle_timeout: Duration,

    /// How long requests in flight may take after a signal to stop, in seconds
    #[arg(long, env = "PIK_SHUTDOWN_TIMEOUT", value_name = "SECONDS", default_value = "25", value_parser = seconds)]
    shutdown_timeout: Duration,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}; write HOST:PORT such as 127.0.0.1:8080"))?;
    found.next().ok_or_else(|| "this host has no address".to_owned())
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=1_000_000).contains(&count) => Ok(count),
        Ok(_) | Err(_) => Err("write a number from 1 to 1000000".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let limits = Duration::from_millis(1)..=Duration::from_secs(86_400);
    let parsed = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    parsed.filter(|time| limits.contains(time)).ok_or_else(|| "write seconds from 0.001 to 86400".to_owned())
}

impl Args {
    fn config(&self) -> Config {
        Config {
            tokens: self.tokens.clone(),
            dry_run: self.dry_run,
            max_event_bytes: self.max_event_bytes,
            max_batch_bytes: self.max_batch_bytes,
            max_batch_events: self.max_batch_events,
            cors_origins: self.cors_origins.clone(),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            header: self.header_timeout,
            body: self.body_timeout,
            request: self.request_timeout,
            idle: self.idle_timeout,
            shutdown: self.shutdown_timeout,
            requests: self.max_requests,
            connections: self.max_connections,
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.tokens.is_empty() && !self.allow_anonymous && !self.listen.ip().is_loopback() {
            bail!(
                "without a token everybody who reaches {} could write events; set PIK_TOKENS, or listen on 127.0.0.1, or \
                 say --allow-anonymous",
                self.listen
            );
        }
        if self.request_timeout < self.body_timeout {
            bail!("the request time-out is shorter than the body's, which is a part of it; make it longer");
        }
        Ok(())
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    args.check()?;
    let metrics = Metrics::new()?;
    let log = Log::start(args.log_level, metrics.log_lines_dropped.clone()).context("cannot start the log")?;
    let store = SqliteStore::open(args.data.join(DATABASE), Options::default())?;
    let api = Api::new(store, ServerHost::new(metrics), args.config())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that serve")?;
    let done = runtime.block_on(listen(args, api));
    // Requests that outlived the time to stop are dropped here, then the store closes, then the log ends.
    drop(runtime);
    tracing::info!("stopped");
    drop(log);
    done
}

async fn listen<S: Store>(args: &Args, api: Api<S, ServerHost>) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let listener = bind(args.listen).with_context(|| format!("cannot listen at {}", args.listen))?;
    tell_address(&listener)?;
    let (stop, stopped) = watch::channel(false);
    let connections = api.host().metrics().connections.clone();
    let limits = args.limits();
    let gate = Arc::new(Gate::new(api, &limits));
    let serving = serve(listener, gate, limits, connections, stopped);
    let signalled = async {
        signals.next().await;
        tracing::info!("stopping");
        // Nobody listens any more when serving has ended by itself.
        let _ = stop.send(true);
        signals.next().await;
    };
    let answered = tokio::select! {
        answered = serving => answered,
        // A second signal: somebody is in a hurry.
        () = signalled => false,
    };
    if !answered {
        tracing::warn!("requests in flight were not answered");
    }
    Ok(ExitCode::SUCCESS)
}

fn tell_address(listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on http://{address}")?;
    Ok(stdout.flush()?)
}
