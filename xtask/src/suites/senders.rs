//! A shipper that people have, with the configuration of `docs/senders.md`, before a server.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use pik_test_support::{PATIENCE, Program, Server, Signal, wait_until};
use serde_json::Value;

use super::{Suite, native};
use crate::command::tell;
use crate::setup::syslog_ng;
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "senders",
    about: "syslog-ng, configured as docs/senders.md says, before `pik serve`: every event once, and what is refused",
    packages: syslog_ng::packages,
    run,
};

const PAGE: &str = "docs/senders.md";
/// More than two batches of the page's.
const ORDERS: usize = 2_500;

fn run() -> Result<String> {
    let Some(syslog_ng) = syslog_ng::program()? else {
        return Ok(
            "not tried: this machine has another log daemon than syslog-ng, which to install would remove".into()
        );
    };
    let folder = workspace::target().join("senders");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let scene = Scene { pik: native::programs()?.join("pik"), folder };
    let server = scene.serve("127.0.0.1:0")?;
    let url = server.url();
    scene.write_configuration(&url)?;
    // There before the sender, as after a restart of it.
    scene.append(&(0..ORDERS).map(order).collect::<String>())?;
    let _sender = scene.send(&syslog_ng)?;
    scene.await_counts(&url, "order", [ORDERS, 0, 0])?;

    // Longer than what syslog-ng takes for a line unless it is told otherwise.
    scene.append(&event("long", "Z", &format!("\"{}\"", "x".repeat(200_000))))?;
    scene.await_counts(&url, "long", [1, 0, 0])?;

    // One of three is refused: the others are stored, and the sender goes on and repeats nothing.
    let mixed = [event("mixed", "Z", "1"), event("mixed", "", "2"), event("mixed", "Z", "3")].concat();
    scene.append(&mixed)?;
    scene.await_counts(&url, "mixed", [2, 0, 1])?;
    scene.append(&event("behind", "Z", "1"))?;
    scene.await_counts(&url, "behind", [1, 0, 0])?;
    scene.await_counts(&url, "mixed", [2, 0, 1])?;
    let rejected = scene.ask(&["rejected", "--json", "--url", &url])?;
    ensure!(
        rejected.len() == 1 && rejected[0]["errors"][0]["code"] == "missing_offset",
        "other records than that of the refused line: {rejected:?}"
    );

    // Away, and back at its place.
    let address = server.address().to_string();
    server.signal(Signal::TERM)?;
    server.end()?;
    scene.append(&event("meanwhile", "Z", "1"))?;
    let _server = scene.serve(&address)?;
    scene.await_counts(&url, "meanwhile", [1, 0, 0])?;
    scene.await_counts(&url, "order", [ORDERS, 0, 0])?;
    Ok(format!("{} events of syslog-ng are stored once each, and the refused one is told", ORDERS + 5))
}

fn event(event_type: &str, offset: &str, payload: &str) -> String {
    format!(
        "{{\"source\":\"shop\",\"event_type\":\"{event_type}\",\"entity_id\":\"user_1\",\
         \"event_time\":\"2025-12-28T12:00:00{offset}\",\"payload\":{payload}}}\n"
    )
}

/// With numbers that do not survive a shipper that takes JSON apart.
fn order(number: usize) -> String {
    event("order", "Z", &format!("{{\"n\":{number},\"amount\":1.50,\"big\":9007199254740993}}"))
}

struct Scene {
    pik: PathBuf,
    folder: PathBuf,
}

impl Scene {
    fn serve(&self, listen: &str) -> Result<Server> {
        let mut command = Command::new(&self.pik);
        command.args(["serve", "--listen", listen, "--data", "data"]).current_dir(&self.folder);
        command.stderr(OpenOptions::new().create(true).append(true).open(self.folder.join("server.log"))?);
        Server::start(&mut command)
    }

    fn lines(&self) -> PathBuf {
        self.folder.join("events.ndjson")
    }

    fn append(&self, lines: &str) -> Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.lines())?;
        Ok(file.write_all(lines.as_bytes())?)
    }

    /// What the page shows, but for the file and the server.
    fn write_configuration(&self, url: &str) -> Result<()> {
        let page = fs::read_to_string(workspace::root().join(PAGE))?;
        let block = page.split("\n## syslog-ng\n").nth(1).and_then(|rest| rest.split("```text\n").nth(1));
        let block = block.and_then(|rest| rest.split("```").next()).context("the page configures no syslog-ng")?;
        let mut configuration = block.to_owned();
        for (shown, ours) in [
            ("/var/log/app/events.ndjson", self.lines().display().to_string()),
            ("http://127.0.0.1:8080", url.to_owned()),
        ] {
            if configuration.matches(shown).count() != 1 {
                bail!("{PAGE}: the configuration of syslog-ng names {shown} not once");
            }
            configuration = configuration.replace(shown, &ours);
        }
        Ok(fs::write(self.folder.join("syslog-ng.conf"), configuration)?)
    }

    fn send(&self, syslog_ng: &Path) -> Result<Program> {
        let mut command = Command::new(syslog_ng);
        command.args(["--foreground", "--no-caps", "--cfgfile=syslog-ng.conf", "--persist-file=persist"]);
        command.args(["--control=control", "--pidfile=pid"]).current_dir(&self.folder);
        let log = File::create(self.folder.join("syslog-ng.log"))?;
        Program::start(command.stdout(log.try_clone()?).stderr(log))
    }

    /// What `pik` prints as JSON, a line each.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let output = Command::new(&self.pik).args(arguments).output()?;
        ensure!(output.status.success(), "pik {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// Waits until so many of a type are accepted, duplicate and rejected.
    fn await_counts(&self, url: &str, event_type: &str, counts: [usize; 3]) -> Result<()> {
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
}
