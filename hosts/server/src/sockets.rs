//! The sockets that a server listens at, and their way into the process that follows.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use command_fds::{CommandFdExt, FdMapping};
use listenfd::ListenFd;
use socket2::{Domain, Socket, Type};
use tokio::time::timeout;

/// Connections that the kernel completes before they are accepted. They wait for the next process while one follows another.
const BACKLOG: i32 = 4096;

/// The first descriptor that a process is started with beside its input and output, by systemd's protocol.
const FIRST: RawFd = 3;

/// How long a program may take to tell its version. Signals wait meanwhile.
const START: Duration = Duration::from_secs(5);

/// The sockets that a server listens at. They outlive a process that hands them to the next.
#[derive(Debug)]
pub struct Sockets {
    pub(crate) events: TcpListener,
    pub(crate) metrics: Option<TcpListener>,
}

impl Sockets {
    /// The sockets that this process was started with, as systemd passes them (`LISTEN_FDS`); without any, new ones at these
    /// addresses.
    pub fn open(events: SocketAddr, metrics: Option<SocketAddr>) -> anyhow::Result<Self> {
        let passed = ListenFd::from_env();
        let wanted = 1 + usize::from(metrics.is_some());
        match passed.len() {
            0 => Self::bind(events, metrics),
            count if count == wanted => Self::take(passed),
            count => bail!(
                "the process was started with {count} sockets to listen at, and takes {wanted}: one for the API, and one for the \
                 metrics if they have an address of their own"
            ),
        }
    }

    fn take(mut passed: ListenFd) -> anyhow::Result<Self> {
        let mut take =
            |index| passed.take_tcp_listener(index).context("cannot use a socket that the process was started with");
        let events = take(0)?.expect("a socket that was counted");
        Ok(Self { events, metrics: take(1)? })
    }

    /// New sockets.
    pub fn bind(events: SocketAddr, metrics: Option<SocketAddr>) -> anyhow::Result<Self> {
        let open = |address| listen(address).with_context(|| format!("cannot listen at {address}"));
        Ok(Self { events: open(events)?, metrics: metrics.map(open).transpose()? })
    }

    /// Where the API is.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.events.local_addr()
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let metrics = self.metrics.as_ref().map(TcpListener::try_clone).transpose()?;
        Ok(Self { events: self.events.try_clone()?, metrics })
    }

    /// Puts a new process of the same program, arguments and environment in the place of this one, with these sockets. Its
    /// process id stays. Returns only if that cannot be done.
    pub fn hand_over(self) -> anyhow::Error {
        let passed: Vec<OwnedFd> = [Some(self.events), self.metrics].into_iter().flatten().map(Into::into).collect();
        let mut next = program();
        next.args(std::env::args_os().skip(1));
        next.env("LISTEN_FDS", passed.len().to_string()).env("LISTEN_PID", std::process::id().to_string());
        let mappings = (FIRST..).zip(passed).map(|(child_fd, parent_fd)| FdMapping { parent_fd, child_fd });
        match next.fd_mappings(mappings.collect()) {
            Ok(next) => anyhow::Error::new(next.exec()).context("cannot start the program again"),
            Err(collision) => collision.into(),
        }
    }
}

/// The program of this process, as it was named: where another version has taken its place, that one.
fn program() -> Command {
    Command::new(std::env::args_os().next().unwrap_or_default())
}

/// Whether the program can still be started: it must tell its version, in time.
pub(crate) async fn can_start() -> anyhow::Result<()> {
    let mut asked = tokio::process::Command::from(program());
    asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let ended = timeout(START, asked.status()).await.context("the program does not tell its version")?;
    let status = ended.context("the program cannot be started")?;
    if !status.success() {
        bail!("the program ends with {status} when it is asked for its version");
    }
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A restart need not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
