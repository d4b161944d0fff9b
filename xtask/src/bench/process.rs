//! A server under measurement.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result};

use crate::command::program;
use crate::workspace;

/// A server process, killed when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
}

impl Server {
    /// `level` is what is worth a log line; lines are thrown away.
    pub(super) fn start(binary: PathBuf, level: &str, args: &[&str]) -> Result<Self> {
        let mut child = program(&binary)
            .args(args)
            .env("LOG_LEVEL", level)
            .stdout(Stdio::piped())
            .stderr(if level == "info" { Stdio::null() } else { Stdio::inherit() })
            .spawn()?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://").map(str::to_owned);
        let address = address.with_context(|| format!("{} did not say where it listens", binary.display()))?;
        Ok(Self { child, address })
    }

    /// `pik serve` on embedded storage in `folder`.
    pub(super) fn pik(folder: &Path, level: &str) -> Result<Self> {
        let data = folder.to_string_lossy();
        let args = ["serve", "--listen", "127.0.0.1:0", "--data", &data];
        Self::start(workspace::target().join("release/pik"), level, &args)
    }

    pub(super) fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
