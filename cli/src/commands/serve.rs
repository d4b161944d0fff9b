//! `pik serve`: the server.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ArgAction;
use pik_core::{Investigate, MAX_BODY_BYTES, RejectionBounds, Store};
use pik_http::{Api, Config};
use pik_server::{
    End, Front, IpNet, Level, Limits, Log, Metrics, ServerHost, Sockets, Tls, TokensFile, Traces, Watched,
};
use pik_sqlite::{Options, Progress};

use crate::arguments::{Opened, StoreArgs};

/// Serve the HTTP API on one SQLite file, or on S3 and DynamoDB.
///
/// Standard output has the line `listening on http://ADDRESS` once requests are taken. With --metrics-listen, the line
/// `metrics on http://ADDRESS/metrics` stands before it. Logs go to standard error, one JSON object a line. SIGTERM and
/// SIGINT stop the server: it takes no new connections, answers the requests in flight, and closes the store. SIGUSR2
/// puts a new process of the program in the place of this one, with its process id and its sockets: new clients are
/// served until the slow ones have their answers, for --shutdown-timeout at most. Sockets that a service manager passes (LISTEN_FDS) are used in place of
/// --listen and --metrics-listen. With OTEL_EXPORTER_OTLP_ENDPOINT, such as http://127.0.0.1:4318, each request is a span that an OpenTelemetry
/// collector gets.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; port 0 takes a free port
    #[arg(long, env = "PIK_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,

    #[command(flatten)]
    store: StoreArgs,

    /// Check events and look them up, and write nothing
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

    /// The bearer tokens that let requests in, with commas between them. Set them in the environment: other users of the
    /// machine can read a command line
    #[arg(long = "token", env = "PIK_TOKENS", value_name = "TOKEN", value_delimiter = ',', hide_env_values = true)]
    tokens: Vec<String>,

    /// A file of tokens with names, each for sending events, for reading or for metrics, as `pik token new` writes it. It is
    /// read again when it changes and on SIGHUP
    #[arg(long, env = "PIK_TOKENS_FILE", value_name = "FILE")]
    tokens_file: Option<PathBuf>,

    /// Serve over TLS, HTTP/1.1 and HTTP/2, with this chain of certificates in PEM, the server's own first. It and the key are read again when
    /// they change and on SIGHUP. --metrics-listen stays without TLS
    #[arg(long, env = "PIK_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, env = "PIK_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Listen beyond this machine without a token
    #[arg(long, env = "PIK_ALLOW_ANONYMOUS")]
    allow_anonymous: bool,

    /// A name that clients know this server by, or several with commas between. Without tokens a request whose Host header
    /// is neither one of these nor localhost nor an IP address is refused: it may come from a web page of another site
    #[arg(long = "host-name", env = "PIK_HOST_NAMES", value_name = "NAME", value_delimiter = ',')]
    host_names: Vec<String>,

    /// The address of a proxy, or a network of proxies such as 10.0.0.0/8, or several with commas between, whose
    /// X-Forwarded-For is believed: log lines then have the client behind it
    #[arg(long = "trusted-proxy", env = "PIK_TRUSTED_PROXIES", value_name = "NETWORK", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<IpNet>,

    /// The origins whose pages may call the API, such as https://app.example, with commas between them
    #[arg(long = "cors-origin", env = "PIK_CORS_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origins: Vec<String>,

    /// Serve no web console at /console/
    #[arg(long, env = "PIK_NO_CONSOLE")]
    no_console: bool,

    /// An address of its own for /metrics, which asks for no token there. Without it, /metrics is at the address of the
    /// API and asks for a token as the API does
    #[arg(long, env = "PIK_METRICS_LISTEN", value_name = "HOST:PORT", value_parser = address)]
    metrics_listen: Option<SocketAddr>,

    /// The least severe log lines to write
    #[arg(long, env = "LOG_LEVEL", value_enum, default_value_t = LogLevel::Info)]
    log_level: LogLevel,

    /// The most bytes of one event
    #[arg(long, env = "PIK_MAX_EVENT_BYTES", value_name = "BYTES", default_value_t = MAX_BODY_BYTES)]
    max_event_bytes: usize,

    /// The most bytes of a batch, as sent and as inflated
    #[arg(long, env = "PIK_MAX_BATCH_BYTES", value_name = "BYTES", default_value_t = Config::default().max_batch_bytes)]
    max_batch_bytes: usize,

    /// The most events of a batch
    #[arg(long, env = "PIK_MAX_BATCH_EVENTS", value_name = "COUNT", default_value_t = Config::default().max_batch_events)]
    max_batch_events: usize,

    /// The most bytes that the bodies of all requests under way take together; a request beyond is answered 503 with
    /// Retry-After
    #[arg(long, env = "PIK_MAX_BYTES_UNDER_WAY", value_name = "BYTES", default_value_t = Config::default().max_bytes_under_way)]
    max_bytes_under_way: usize,

    /// The most requests at once; more are answered 503 with Retry-After
    #[arg(long, env = "PIK_MAX_REQUESTS", value_name = "COUNT", default_value = "1024", value_parser = count)]
    max_requests: usize,

    /// The most connections at once; for one more, the one that has been idle the longest is closed. Each takes a file
    /// descriptor (`ulimit -n`)
    #[arg(long, env = "PIK_MAX_CONNECTIONS", value_name = "COUNT", default_value = "900", value_parser = count)]
    max_connections: usize,

    /// Take no event while the disk of a SQLite file has fewer bytes free: events are answered 503 and /readyz says why, until
    /// there is room again; 0 goes on until the disk is full
    #[arg(long, env = "PIK_MIN_FREE_BYTES", value_name = "BYTES", default_value_t = 128 << 20)]
    min_free_bytes: u64,

    /// Keep the first 8 KiB of refused bodies, so that `pik rejected` can show and resend them
    #[arg(long, env = "PIK_KEEP_REJECTED_BODIES")]
    keep_rejected_bodies: bool,

    /// The most records of refused events that are kept; 0 keeps counts alone
    #[arg(long, env = "PIK_REJECTED_RECORDS", value_name = "COUNT", default_value_t = RejectionBounds::default().records)]
    rejected_records: usize,

    /// The most bytes that they take
    #[arg(long, env = "PIK_REJECTED_BYTES", value_name = "BYTES", default_value_t = RejectionBounds::default().bytes)]
    rejected_bytes: usize,

    /// How many days a record is kept after it was last seen
    #[arg(long, env = "PIK_REJECTED_DAYS", value_name = "DAYS", default_value = "30")]
    rejected_days: u16,

    /// The most records of refused events that are begun in a minute; more are counted. On DynamoDB 120 if nothing is
    /// said, as each is a paid write
    #[arg(long, env = "PIK_REJECTED_A_MINUTE", value_name = "COUNT")]
    rejected_a_minute: Option<usize>,

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

/// What is worth a log line.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogLevel {
    /// Faults of the service
    Error,
    /// Also requests that were refused for reasons other than their events
    Warn,
    /// Also one line for each batch, and for each event that came alone
    Info,
    /// Also each event of a batch, requests without events, and connections that broke
    Debug,
    /// Everything
    Trace,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let mut found =
        text.to_socket_addrs().map_err(|error| format!("{error}; write HOST:PORT such as 127.0.0.1:8080"))?;
    found.next().ok_or_else(|| "this host has no address".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse().map(|address: IpAddr| address.into());
    address.or_else(|_| text.parse()).map_err(|_| "write an address, or a network such as 10.0.0.0/8".to_owned())
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=1_000_000).contains(&count) => Ok(count),
        Ok(_) | Err(_) => Err("write a number from 1 to 1000000".to_owned()),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let limits = Duration::from_millis(1)..=Duration::from_secs(86_400);
    let parsed = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    parsed.filter(|time| limits.contains(time)).ok_or_else(|| "write seconds from 0.001 to 86400".to_owned())
}

impl Args {
    fn config(&self, tokens: Option<&TokensFile>) -> Config {
        Config {
            tokens: self.tokens.clone(),
            token_list: tokens.map(TokensFile::list),
            dry_run: self.dry_run,
            max_event_bytes: self.max_event_bytes,
            max_batch_bytes: self.max_batch_bytes,
            max_batch_events: self.max_batch_events,
            max_bytes_under_way: self.max_bytes_under_way,
            metrics: self.metrics_listen.is_none(),
            cors_origins: self.cors_origins.clone(),
            rejections: RejectionBounds {
                records: self.rejected_records,
                bytes: self.rejected_bytes,
                age_ms: i64::from(self.rejected_days) * 86_400_000,
            },
            rejections_a_minute: self.rejected_a_minute,
            keep_rejected_bodies: self.keep_rejected_bodies,
        }
    }

    fn tls(&self) -> anyhow::Result<Option<Tls>> {
        let files = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        files.map(|(certificate, key)| Tls::open(certificate, key)).transpose()
    }

    fn options(&self) -> Options {
        Options { min_free_bytes: self.min_free_bytes, ..Options::default() }
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

    /// Where clients connect.
    fn sockets(&self) -> anyhow::Result<Sockets> {
        if self.request_timeout < self.body_timeout {
            bail!("the request time-out is shorter than the body's, which is a part of it; make it longer");
        }
        let sockets = Sockets::open(self.listen, self.metrics_listen)?;
        self.check_reach(sockets.address()?)?;
        Ok(sockets)
    }

    fn check_reach(&self, address: SocketAddr) -> anyhow::Result<()> {
        if self.tokens.is_empty() && self.tokens_file.is_none() && !self.allow_anonymous && !address.ip().is_loopback()
        {
            bail!(
                "without a token, everyone who reaches {} could write events; set PIK_TOKENS or PIK_TOKENS_FILE, or listen on 127.0.0.1, or \
                 say --allow-anonymous",
                address
            );
        }
        Ok(())
    }
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    pik_server::signals::while_starting()?;
    pik_server::pages::keep_small();
    let metrics = Metrics::new()?;
    let log = Log::start(args.log_level.into(), metrics.log_lines_dropped.clone()).context("cannot start the log")?;
    let report = |Progress { indexed, records }| tracing::info!(indexed, records, "indexing");
    let done = args.sockets().and_then(|sockets| match args.store.open_with(args.options(), report)? {
        Opened::Sqlite(store) => {
            metrics.tell(store.collectors()?)?;
            serve(store, metrics, args, sockets, |config| config)
        }
        #[cfg(feature = "aws")]
        Opened::Aws(store) => serve(*store, metrics, args, sockets, |config| {
            let a_minute = config.rejections_a_minute.or(Some(pik_aws::REJECTIONS_A_MINUTE));
            Config { rejections_a_minute: a_minute, ..config }
        }),
    });
    match done {
        Ok(end) => {
            tracing::info!("stopped");
            drop(log);
            match end {
                End::Stopped => Ok(ExitCode::SUCCESS),
                End::Restart(sockets) => Err(sockets.hand_over()),
            }
        }
        Err(error) => {
            // Programs that gather the log read this, too.
            tracing::error!(reason = format!("{error:#}"), "cannot serve");
            drop(log);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// `adjust` has the last word on the configuration: what a store bears.
fn serve(
    store: impl Store + Investigate,
    metrics: Metrics,
    args: &Args,
    sockets: Sockets,
    adjust: impl FnOnce(Config) -> Config,
) -> anyhow::Result<End> {
    let tokens = args.tokens_file.as_ref().map(TokensFile::open).transpose()?.map(Arc::new);
    let tls = args.tls()?.map(Arc::new);
    let traces = Traces::start(&metrics)?;
    let host = ServerHost::new(metrics).with_traces(traces.clone());
    let api = Api::new(store, host, adjust(args.config(tokens.as_deref())))?;
    let files = [tokens.map(|file| file as _), tls.clone().map(|file| file as _)];
    let files: Vec<Arc<dyn Watched>> = files.into_iter().flatten().collect();
    let front = Front {
        sockets,
        tls,
        host_names: args.host_names.clone(),
        proxies: args.trusted_proxies.clone(),
        console: !args.no_console,
    };
    let done = pik_server::run(api, front, args.limits(), &files);
    traces.end();
    done
}
