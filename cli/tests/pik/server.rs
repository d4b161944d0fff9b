//! A `pik serve` of its own for a test.

use std::net::SocketAddr;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

pub(crate) use pik_test_support::PATIENCE;
use pik_test_support::Signal;
use tempfile::TempDir;

use crate::connection::Connection;

/// Where a program that counts its own lines writes the counts: `cargo llvm-cov` sets it.
const COVERAGE: &str = "LLVM_PROFILE_FILE";

/// A command that sees none of the variables of the shell that runs the tests.
pub(crate) fn pik<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pik"));
    command.env_clear().args(arguments).stdin(Stdio::null());
    command.envs(std::env::var_os(COVERAGE).map(|file| (COVERAGE, file)));
    command
}

/// A server and the folder of its store.
pub(crate) struct Server {
    server: pik_test_support::Server,
    pub(crate) address: SocketAddr,
    /// Where the metrics are, if they have an address of their own.
    pub(crate) metrics: Option<SocketAddr>,
    data: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(|command| command)
    }

    pub(crate) fn start_with(adjust: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), adjust)
    }

    /// Starts on data that may be there already.
    pub(crate) fn start_on(data: TempDir, adjust: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = pik(["serve"]);
        command.env("PIK_LISTEN", "127.0.0.1:0").env("PIK_DATA", data.path()).stderr(Stdio::piped());
        let server = pik_test_support::Server::start(adjust(&mut command)).unwrap();
        Self { address: server.address(), metrics: server.metrics(), server, data }
    }

    /// Starts on data that may be there already, and kills after a while, whether it listens by then or not.
    pub(crate) fn kill_while_starting(data: &TempDir, after: Duration) {
        let mut command = pik(["serve"]);
        command.env("PIK_LISTEN", "127.0.0.1:0").env("PIK_DATA", data.path());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGKILL; it may have ended before.
    pub(crate) fn kill(&self) {
        let _ = self.server.signal(Signal::KILL);
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The folder of its store.
    pub(crate) fn data(&self) -> &str {
        self.data.path().to_str().unwrap()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.server.signal(signal).unwrap();
    }

    /// Waits until a process that took the place of this one listens.
    pub(crate) fn wait_for_the_next(&mut self) {
        assert!(self.server.line().unwrap().starts_with("listening on "));
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.server.has_ended().unwrap()
    }

    /// Waits for the process to end; its log and its data.
    pub(crate) fn end(self) -> (ExitStatus, String, TempDir) {
        let (status, log) = self.server.end().unwrap();
        (status, log, self.data)
    }

    /// SIGTERM, and the end of it.
    pub(crate) fn stop(self) -> (ExitStatus, String, TempDir) {
        self.signal(Signal::TERM);
        self.end()
    }
}
