//! A folder with a server's data, and what is asked of both.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use pik_test_support::{PATIENCE, Server, wait_until};
use serde_json::Value;

use crate::command::tell;
use crate::workspace;

/// The page whose configurations are tried.
const PAGE: &str = "docs/senders.md";

pub(super) struct Scene {
    pub(super) pik: PathBuf,
    pub(super) folder: PathBuf,
    /// Lets `pik` in at the server.
    pub(super) token: Option<String>,
}

impl Scene {
    /// In an empty folder of this name.
    pub(super) fn new(programs: &Path, name: &str) -> Result<Self> {
        let folder = workspace::target().join("senders").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { pik: programs.join("pik"), folder, token: None })
    }

    pub(super) fn serve(&self, listen: &str, options: &[&str]) -> Result<Server> {
        let mut command = Command::new(&self.pik);
        command.args(["serve", "--listen", listen, "--data", "data"]).args(options).current_dir(&self.folder);
        command.stderr(OpenOptions::new().create(true).append(true).open(self.folder.join("server.log"))?);
        Server::start(&mut command)
    }

    /// What `pik` prints.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.pik);
        command.args(arguments).current_dir(&self.folder);
        if let Some(token) = &self.token {
            command.env("PIK_TOKEN", token);
        }
        let output = command.output()?;
        ensure!(output.status.success(), "pik {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What `pik` prints as JSON, a line each.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        self.run(arguments)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// Waits until so many of a type are accepted, duplicate and rejected.
    pub(super) fn await_counts(&self, url: &str, event_type: &str, counts: [usize; 3]) -> Result<()> {
        let mut last = String::new();
        let waited = wait_until(&format!("{counts:?} events of {event_type} did not arrive"), PATIENCE, || {
            let streams = self.ask(&["streams", "--json", "--url", url])?;
            let Some(stream) = streams.iter().find(|stream| stream["event_type"] == event_type) else {
                return Ok(false);
            };
            let of = ["accepted", "duplicate", "rejected"].map(|name| stream[name].as_u64().unwrap_or(0));
            last = format!("{of:?}");
            Ok(of == counts.map(|count| count as u64))
        });
        waited.with_context(|| format!("arrived: {last}; see {}", self.folder.display()))?;
        tell(format_args!("{event_type}: {last} accepted, duplicate and rejected"));
        Ok(())
    }

    /// Whether the one record of what was refused is that of the line without an offset, which came once.
    pub(super) fn check_rejected(&self, url: &str) -> Result<()> {
        let rejected = self.ask(&["rejected", "--json", "--url", url])?;
        let [record] = rejected.as_slice() else {
            anyhow::bail!("other records than that of the refused line: {rejected:?}")
        };
        ensure!(record["errors"][0]["code"] == "missing_offset" && record["count"] == 1, "refused: {record}");
        Ok(())
    }
}

pub(super) fn page() -> Result<String> {
    fs::read_to_string(workspace::root().join(PAGE)).context(PAGE)
}

pub(super) fn event(source: &str, event_type: &str, offset: &str, payload: &str) -> String {
    format!(
        "{{\"source\":\"{source}\",\"event_type\":\"{event_type}\",\"entity_id\":\"user_1\",\
         \"event_time\":\"2025-12-28T12:00:00{offset}\",\"payload\":{payload}}}"
    )
}
