//! The peer: NATS JetStream with a file store and `sync: always`, `Nats-Msg-Id` against repeats, 64 clients, on the same disk.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use pik_test_support::{Program, free_ports};

use super::load::CONNECTIONS;
use super::rate::Rate;
use crate::command::program;
use crate::setup::python;

const STREAM: &str = r#"{"name":"events","subjects":["events"],"storage":"file","retention":"limits","discard":"old","num_replicas":1,"duplicate_window":120000000000}"#;

/// A server that stops when this is dropped.
pub(super) struct Nats {
    server: Program,
    port: u16,
}

impl Nats {
    /// Starts a server with its data in `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let bin = python::nats()?;
        let folder = folder.join("nats");
        fs::create_dir_all(&folder)?;
        let [port] = free_ports()?;
        let configuration = folder.join("nats.conf");
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {:?}, sync_interval: always }}\n",
            folder.display().to_string()
        );
        fs::write(&configuration, text)?;
        let mut command = program(bin.join("nats-server"));
        command.arg("-c").arg(&configuration).stdout(Stdio::null()).stderr(Stdio::null());
        let nats = Self { server: Program::start(&mut command)?, port };
        let start = Instant::now();
        let mut client = loop {
            match Client::connect(port) {
                Ok(client) => break client,
                Err(error) if start.elapsed() > Duration::from_secs(20) => return Err(error),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        };
        client.ask("$JS.API.STREAM.CREATE.events", STREAM)?;
        Ok(nats)
    }

    /// Publishes for `seconds`, each client `pipeline` events before it waits for their acknowledgements.
    pub(super) fn events(&self, pipeline: u32, seconds: u64) -> Result<Rate> {
        let (total, end) = (AtomicU64::new(0), Instant::now() + Duration::from_secs(seconds));
        Rate::of(self.server.id(), || {
            thread::scope(|scope| {
                let clients: Vec<_> = (0..CONNECTIONS)
                    .map(|number| {
                        let total = &total;
                        scope.spawn(move || -> Result<()> {
                            let mut client = Client::connect(self.port)?;
                            let mut made = 0;
                            while Instant::now() < end {
                                client.publish(&format!("{pipeline}-{number}-{seconds}"), made, pipeline)?;
                                made += u64::from(pipeline);
                            }
                            total.fetch_add(made, Ordering::Relaxed);
                            Ok(())
                        })
                    })
                    .collect();
                clients.into_iter().try_for_each(|client| client.join().ok().context("a NATS client died")?)
            })?;
            Ok(total.load(Ordering::Relaxed))
        })
    }
}

/// As much of the protocol as a load needs.
struct Client {
    reader: BufReader<TcpStream>,
    line: String,
}

impl Client {
    fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut client = Self { reader: BufReader::new(stream), line: String::new() };
        client.next()?;
        let inbox = format!("inbox.{}", client.reader.get_ref().local_addr()?.port());
        client
            .send(format!("CONNECT {{\"verbose\":false,\"headers\":true}}\r\nSUB {inbox} 1\r\nPING\r\n").as_bytes())?;
        client.next()?;
        if client.line.trim_end() != "PONG" {
            bail!("NATS answered {:?}", client.line);
        }
        Ok(client)
    }

    fn inbox(&self) -> Result<String> {
        Ok(format!("inbox.{}", self.reader.get_ref().local_addr()?.port()))
    }

    fn ask(&mut self, subject: &str, body: &str) -> Result<()> {
        let inbox = self.inbox()?;
        self.send(format!("PUB {subject} {inbox} {}\r\n{body}\r\n", body.len()).as_bytes())?;
        self.acknowledged()
    }

    fn publish(&mut self, run: &str, from: u64, count: u32) -> Result<()> {
        let inbox = self.inbox()?;
        let body = "x".repeat(300);
        let mut requests = Vec::new();
        for number in from..from + u64::from(count) {
            let head = format!("NATS/1.0\r\nNats-Msg-Id: {run}-{number}\r\n\r\n");
            write!(requests, "HPUB events {inbox} {} {}\r\n{head}{body}\r\n", head.len(), head.len() + body.len())?;
        }
        self.send(&requests)?;
        (0..count).try_for_each(|_| self.acknowledged())
    }

    /// Reads one message, which must say that the server has done as it was told.
    fn acknowledged(&mut self) -> Result<()> {
        self.next()?;
        while self.line.trim_end() == "PING" {
            self.send(b"PONG\r\n")?;
            self.next()?;
        }
        let length = self.line.strip_prefix("MSG ").and_then(|rest| rest.trim_end().rsplit(' ').next());
        let length: usize = length.with_context(|| format!("NATS sent {:?}", self.line))?.parse()?;
        let mut body = vec![0; length + 2];
        self.reader.read_exact(&mut body)?;
        let answer: serde_json::Value = serde_json::from_slice(&body[..length])?;
        if answer.get("error").is_some() || answer.get("duplicate").is_some() {
            bail!("NATS refused: {answer}");
        }
        Ok(())
    }

    fn next(&mut self) -> Result<()> {
        self.line.clear();
        if self.reader.read_line(&mut self.line)? == 0 {
            bail!("NATS closed the connection");
        }
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.reader.get_mut().write_all(bytes)?)
    }
}
