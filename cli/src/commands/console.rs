//! `pik console`: the web console on one's own machine.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use pik_core::{Investigate, Store};
use pik_http::{Api, Config};
use pik_server::{End, Front, Level, Limits, Log, Metrics, ServerHost, Sockets};

use crate::arguments::{EndpointArgs, Opened, existing};
use crate::console::{self, Proxy};
use crate::terminal::tell;

/// For one person's browser, which asks for several things at once, and holds a question while nothing arrives.
const LIMITS: Limits = Limits {
    header: Duration::from_secs(10),
    body: Duration::from_secs(30),
    request: Duration::from_secs(90),
    idle: Duration::from_secs(75),
    shutdown: Duration::from_secs(1),
    requests: 256,
    connections: 128,
};

/// Serve the web console on this machine, for any host or store.
///
/// With --url, questions of the page go on to the host, with the token, which stays in this process: the page never has
/// it. Other users of this machine can connect to the port, and so use the token. With --data or --store, a store is
/// opened here, and nothing is written to it. Open the address that is told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The address to listen on, of this machine alone; port 0 takes a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,

    #[command(flatten)]
    from: EndpointArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !args.listen.ip().is_loopback() {
        bail!("{} can be reached from other machines; listen on 127.0.0.1, or use `pik serve`", args.listen);
    }
    match &args.from {
        EndpointArgs::Host { url, token } => console::serve(args.listen, Proxy::new(url, token.as_deref())?)?,
        EndpointArgs::Store(store) => match existing(store)? {
            Opened::Sqlite(store) => serve(store, args.listen)?,
            #[cfg(feature = "aws")]
            Opened::Aws(store) => serve(*store, args.listen)?,
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(store: impl Store + Investigate, listen: SocketAddr) -> anyhow::Result<()> {
    let metrics = Metrics::new()?;
    let log = Log::start(Level::Warn, metrics.log_lines_dropped.clone())?;
    // Nothing is written: an investigator's tool leaves what it looks at as it is.
    let config = Config { dry_run: true, ..Config::default() };
    let api = Api::new(store, ServerHost::new(metrics), config)?;
    tell("open /console/ at the address below; Ctrl-C ends it");
    let front = Front {
        sockets: Sockets::open(listen, None)?,
        tls: None,
        proxies: Vec::new(),
        host_names: Vec::new(),
        console: true,
    };
    let done = pik_server::run(api, front, LIMITS, &[]);
    drop(log);
    match done? {
        End::Stopped => Ok(()),
        End::Restart(sockets) => Err(sockets.hand_over()),
    }
}
