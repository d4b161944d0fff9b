//! The peer: Redis with `appendfsync always`, `SET … NX` of 300 bytes, 64 clients, on the same disk.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use pik_test_support::{Program, free_ports};

use super::load::CONNECTIONS;
use super::rate::Rate;
use crate::command::{Run, program};
use crate::setup::apt;

/// A server that stops when this is dropped.
pub(super) struct Redis {
    server: Program,
    port: u16,
}

impl Redis {
    /// Starts a server with its data in `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        apt::install("redis-server", &["redis-server"])?;
        let folder = folder.join("redis");
        fs::create_dir_all(&folder)?;
        let [port] = free_ports()?;
        let mut command = program("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--dir"]).arg(&folder);
        let server = Program::start(command.stdout(Stdio::null()))?;
        let redis = Self { server, port };
        let start = Instant::now();
        while redis.command("redis-cli").arg("PING").stderr(Stdio::null()).read().is_err() {
            if start.elapsed() > Duration::from_secs(20) {
                bail!("Redis does not answer");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(redis)
    }

    /// Sets new keys for about `seconds`, `pipeline` of them in a request of each client.
    pub(super) fn keys(&self, pipeline: u32, seconds: u64) -> Result<Rate> {
        // `redis-benchmark` takes a number of requests, not a time.
        let tried = 20_000 * u64::from(pipeline.min(10));
        let rate = Rate::of(self.server.id(), || self.set(tried, pipeline))?;
        let count = (rate.events_per_second * seconds as f64) as u64;
        Rate::of(self.server.id(), || self.set(count, pipeline))
    }

    fn set(&self, count: u64, pipeline: u32) -> Result<u64> {
        let count = count - count % u64::from(pipeline);
        self.command("redis-benchmark")
            .args([
                "-q",
                "--csv",
                "-n",
                &count.to_string(),
                "-c",
                &CONNECTIONS.to_string(),
                "-P",
                &pipeline.to_string(),
            ])
            .args(["-r", "2000000000", "SET", "event:__rand_int__", &"x".repeat(300), "NX"])
            .read()?;
        Ok(count)
    }

    fn command(&self, name: &str) -> std::process::Command {
        let mut command = program(name);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command
    }
}
