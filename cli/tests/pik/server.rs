//! A `pik serve` of its own for a test.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::connection::Connection;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A command that sees none of the variables of whoever runs the tests.
pub(crate) fn pik<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pik"));
    command.env_clear().args(arguments).stdin(Stdio::null());
    command
}

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Where the metrics are, if that is elsewhere.
    pub(crate) metrics: Option<SocketAddr>,
    log: Option<JoinHandle<String>>,
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
        command
            .env("PIK_LISTEN", "127.0.0.1:0")
            .env("PIK_DATA", data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = adjust(&mut command).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut metrics = None;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let Some(line) = lines.next() else {
                child.wait().unwrap();
                panic!("the server did not start: {}", log.join().unwrap());
            };
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.parse().unwrap();
            }
            let address = line.strip_prefix("metrics on http://").and_then(|rest| rest.strip_suffix("/metrics"));
            metrics = Some(address.expect(&line).parse().unwrap());
        };
        Self { child, address, metrics, log: Some(log), data }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder of its store.
    pub(crate) fn data(&self) -> &str {
        self.data.path().to_str().unwrap()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the process to end; its log and its data.
    pub(crate) fn end(mut self) -> (ExitStatus, String, TempDir) {
        let start = Instant::now();
        while !self.has_ended() {
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = self.child.wait().unwrap();
        let log = self.log.take().unwrap().join().unwrap();
        let data = std::mem::replace(&mut self.data, tempfile::tempdir().unwrap());
        (status, log, data)
    }

    /// SIGTERM, and the end of it.
    pub(crate) fn stop(self) -> (ExitStatus, String, TempDir) {
        self.signal(Signal::TERM);
        self.end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
