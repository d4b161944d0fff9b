//! Lakes of both formats, as DuckDB and pyarrow read them.

use std::fs::{self, File};
use std::process::Command;

use anyhow::{Context, Result};
use pik_test_support::Server;

use super::{Suite, native, no_packages};
use crate::command::Run;
use crate::setup::python;
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "lake",
    about: "what `pik export` writes as Parquet and NDJSON, read with DuckDB and pyarrow, and what pyarrow writes, read with `pik convert`",
    packages: no_packages,
    run,
};

/// More than a page of any answer.
const EVENTS: usize = 2_500;

fn run() -> Result<String> {
    let program = native::programs()?.join("pik");
    let python = python::lake()?.join("python");
    let folder = workspace::target().join("lake");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("events.ndjson"), (0..EVENTS).map(event).collect::<String>())?;
    let log = folder.join("server.log");
    let mut serve = Command::new(&program);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data", "data"]).current_dir(&folder).stderr(File::create(&log)?);
    let server = Server::start(&mut serve).with_context(|| format!("see {}", log.display()))?;
    let pik = |arguments: &[&str]| {
        Command::new(&program).args(arguments).args(["--url", &server.url()]).current_dir(&folder).run()
    };
    pik(&["send", "events.ndjson"])?;
    for format in ["parquet", "ndjson"] {
        // Small ones, so that there are several rounds, and several files of a partition.
        let sizes = ["--buffer-bytes", "128KiB", "--file-bytes", "16KiB"];
        pik(&[&["export", "--format", format, "--to", format], &sizes[..]].concat())?;
        pik(&["verify", "--lake", format])?;
    }
    let tables = folder.join("tables");
    fs::create_dir_all(&tables)?;
    Command::new(&python)
        .arg(workspace::root().join("xtask/src/suites/tables.py"))
        .args([&program, &tables])
        .arg(EVENTS.to_string())
        .run()?;
    Command::new(python)
        .arg(workspace::root().join("xtask/src/suites/lake.py"))
        .args([folder.join("parquet"), folder.join("ndjson")])
        .arg(EVENTS.to_string())
        .run()?;
    Ok(format!("DuckDB and pyarrow read {EVENTS} events of each format as they are"))
}

/// Over several partitions, in odd letters, with a number that no double holds, and from before 1970 too.
fn event(number: usize) -> String {
    format!(
        "{{\"source\":\"a/b ü\",\"event_type\":\"t{}\",\"entity_id\":\"user '{}'\",\"event_time\":\"{}-0{}-01T0{}:00:00.{:06}Z\",\
         \"payload\":{{\"z\":[1.0],\"id\":{},\"text\":\"\\n\\u2028é\"}}}}\n",
        number % 2,
        number % 7,
        if number.is_multiple_of(50) { 1969 } else { 2026 },
        1 + number % 3,
        number % 5,
        1 + number,
        9_007_199_254_740_993 + number,
    )
}
