//! The real syslog-ng, with the configuration of the page.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use pik_test_support::{Program, Signal};

use super::scene::{self, Scene};
use crate::setup::syslog_ng;

/// More than two batches of the page's.
const ORDERS: usize = 2_500;

pub(super) fn run(programs: &Path) -> Result<String> {
    let Some(syslog_ng) = syslog_ng::program()? else {
        return Ok(
            "syslog-ng was not tried: this machine has another log daemon, which to install it would remove".into()
        );
    };
    let scene = Scene::new(programs, "syslog-ng")?;
    let server = scene.serve("127.0.0.1:0", &[])?;
    let url = server.url();
    write_configuration(&scene, &url)?;
    // There before the sender, as after a restart of it.
    append(&scene, &(0..ORDERS).map(order).collect::<String>())?;
    let _sender = send(&scene, &syslog_ng)?;
    scene.await_counts(&url, "order", [ORDERS, 0, 0])?;

    // Longer than what syslog-ng takes for a line unless it is told otherwise.
    append(&scene, &line("long", "Z", &format!("\"{}\"", "x".repeat(200_000))))?;
    scene.await_counts(&url, "long", [1, 0, 0])?;

    // One of three is refused: the others are stored, and the sender goes on and repeats nothing.
    append(&scene, &[line("mixed", "Z", "1"), line("mixed", "", "2"), line("mixed", "Z", "3")].concat())?;
    scene.await_counts(&url, "mixed", [2, 0, 1])?;
    append(&scene, &line("behind", "Z", "1"))?;
    scene.await_counts(&url, "behind", [1, 0, 0])?;
    scene.await_counts(&url, "mixed", [2, 0, 1])?;
    scene.check_rejected(&url)?;

    // Away, and back at its place.
    let address = server.address().to_string();
    server.signal(Signal::TERM)?;
    server.end()?;
    append(&scene, &line("meanwhile", "Z", "1"))?;
    let _server = scene.serve(&address, &[])?;
    scene.await_counts(&url, "meanwhile", [1, 0, 0])?;
    scene.await_counts(&url, "order", [ORDERS, 0, 0])?;
    Ok(format!("{} events of syslog-ng are stored once each, and the refused one is told", ORDERS + 5))
}

fn line(event_type: &str, offset: &str, payload: &str) -> String {
    scene::event("shop", event_type, offset, payload) + "\n"
}

/// With numbers that do not survive a shipper that takes JSON apart.
fn order(number: usize) -> String {
    line("order", "Z", &format!("{{\"n\":{number},\"amount\":1.50,\"big\":9007199254740993}}"))
}

fn lines(scene: &Scene) -> PathBuf {
    scene.folder.join("events.ndjson")
}

fn append(scene: &Scene, text: &str) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(lines(scene))?;
    Ok(file.write_all(text.as_bytes())?)
}

/// What the page shows, but for the file and the server.
fn write_configuration(scene: &Scene, url: &str) -> Result<()> {
    let page = scene::page()?;
    let block = page.split("\n## syslog-ng\n").nth(1).and_then(|rest| rest.split("```text\n").nth(1));
    let block = block.and_then(|rest| rest.split("```").next()).context("the page configures no syslog-ng")?;
    let mut configuration = block.to_owned();
    for (shown, ours) in
        [("/var/log/app/events.ndjson", lines(scene).display().to_string()), ("http://127.0.0.1:8080", url.to_owned())]
    {
        ensure!(
            configuration.matches(shown).count() == 1,
            "the page's configuration of syslog-ng names {shown} not once"
        );
        configuration = configuration.replace(shown, &ours);
    }
    Ok(fs::write(scene.folder.join("syslog-ng.conf"), configuration)?)
}

fn send(scene: &Scene, syslog_ng: &Path) -> Result<Program> {
    let mut command = Command::new(syslog_ng);
    command.args(["--foreground", "--no-caps", "--cfgfile=syslog-ng.conf", "--persist-file=persist"]);
    command.args(["--control=control", "--pidfile=pid"]).current_dir(&scene.folder);
    let log = File::create(scene.folder.join("syslog-ng.log"))?;
    Program::start(command.stdout(log.try_clone()?).stderr(log))
}
