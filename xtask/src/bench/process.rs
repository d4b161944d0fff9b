//! Servers under measurement.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use pik_test_support::Server;

use crate::command::program;
use crate::workspace;

/// Starts a server. `level` is what is worth a log line; lines are thrown away.
pub(super) fn start(binary: PathBuf, level: &str, args: &[&str]) -> Result<Server> {
    let stderr = if level == "info" { Stdio::null() } else { Stdio::inherit() };
    Server::start(program(&binary).args(args).env("LOG_LEVEL", level).stderr(stderr))
}

/// Starts `pik serve` on embedded storage in `folder`.
pub(super) fn pik(folder: &Path, level: &str) -> Result<Server> {
    let data = folder.to_string_lossy();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", &data];
    start(workspace::target().join("release/pik"), level, &args)
}

/// How much memory a server has.
pub(super) fn resident_mib(server: &Server) -> Result<f64> {
    memory_mib(server, "VmRSS:")
}

/// How much memory a server had at most.
pub(super) fn peak_mib(server: &Server) -> Result<f64> {
    memory_mib(server, "VmHWM:")
}

fn memory_mib(server: &Server, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
