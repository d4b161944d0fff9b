//! The configurations of docs/operate.md, by the programs that read them: nginx and Caddy in front of a server, with TLS.

use std::process::Command;

use anyhow::Result;

use super::{Suite, native};
use crate::command::{Run, found};
use crate::setup::apt;
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "operate",
    about: "the blocks of docs/operate.md: nginx and Caddy with TLS before a server, Prometheus, the unit for systemd",
    packages,
    run,
};

/// A program, and the package that has it.
const PROGRAMS: [(&str, &str); 5] = [
    ("promtool", "prometheus"),
    ("systemd-analyze", "systemd"),
    ("curl", "curl"),
    ("h2load", "nghttp2-client"),
    ("openssl", "openssl"),
];

fn packages() -> Vec<&'static str> {
    PROGRAMS.iter().filter(|(name, _)| found(name).is_none()).map(|(_, package)| *package).collect()
}

fn run() -> Result<String> {
    let programs = native::programs()?;
    apt::install("operate", &packages())?;
    let nginx = apt::unpacked("operate", "nginx")?.join("usr/sbin/nginx");
    let caddy = apt::unpacked("operate", "caddy")?.join("usr/bin/caddy");
    Command::new("bash")
        .arg("xtask/src/suites/operate.sh")
        .args([programs.join("pik"), nginx, caddy, workspace::target().join("operate")])
        .current_dir(workspace::root())
        .run()?;
    Ok("nginx and Caddy pass on events, ids and waits; HTTP/2 of the server itself; metrics, rules, dashboard, unit and settings are valid"
        .to_owned())
}
