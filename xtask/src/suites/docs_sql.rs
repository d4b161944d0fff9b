//! The questions of `docs/sql.md`, asked of a store that has something to find for each of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use pik_test_support::Server;

use super::native;
use crate::command::Run;
use crate::workspace;

/// What each question looks for: an empty hour, a late day, an event from the future, one that is sent again, two payloads
/// of one thing, a member that changes its type.
const EVENTS: &str = r#"
{"source":"shop","event_type":"order","entity_id":"user_1","event_time":"2025-12-27T08:00:00Z","payload":{"order_id":9007199254740993,"amount":12.50}}
{"source":"shop","event_type":"order","entity_id":"user_2","event_time":"2025-12-27T11:30:00Z","payload":{"order_id":9007199254740995,"amount":7}}
{"source":"shop","event_type":"order","entity_id":"user_2","event_time":"2025-12-27T11:30:00Z","payload":{"order_id":9007199254740995,"amount":"7"}}
{"source":"shop","event_type":"refund","entity_id":"user_1","event_time":"2025-12-28T09:00:00Z","payload":{"order_id":9007199254740993,"amount":12.50}}
{"source":"clock","event_type":"tick","entity_id":"tower","event_time":"2199-01-01T00:00:00Z","payload":{}}
"#;

/// What another system says: one order that never arrived, and so another sum.
const ORDERS: &str = "order_id,day,amount\n9007199254740993,2025-12-27,12.50\n9007199254740997,2025-12-27,3.00\n";

/// Puts these events into an empty store that is served, makes a lake of it in the folder, and asks with a Python that has
/// DuckDB.
pub(super) fn ask(server: &Server, folder: &Path, python: &Path) -> Result<()> {
    let pik = native::programs()?.join("pik");
    fs::write(folder.join("events.ndjson"), EVENTS)?;
    fs::write(folder.join("orders.csv"), ORDERS)?;
    let pik = |arguments: &[&str]| {
        Command::new(&pik).args(arguments).args(["--url", &server.url()]).current_dir(folder).run()
    };
    for _ in 0..2 {
        pik(&["send", "events.ndjson"])?;
    }
    pik(&["export", "--format", "parquet", "--to", "lake"])?;
    Command::new(python)
        .arg(workspace::root().join("xtask/src/suites/docs_sql.py"))
        .arg(workspace::root().join("docs/sql.md"))
        .arg(folder.join("data/pik.sqlite"))
        .arg(folder)
        .run()
}
