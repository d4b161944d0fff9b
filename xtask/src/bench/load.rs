//! Load on a server of this machine: `wrk`, 64 keep-alive connections.

use anyhow::{Context, Result, bail};

use crate::command::{Run, program};
use crate::setup::apt;
use crate::workspace;

/// What one request carries.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// One event to `/ingest`.
    Single,
    /// A hundred events to `/ingest/batch`.
    Batch,
    /// The same, from many entities and types, of many days, and with some sent twice.
    Varied,
}

/// How many connections are kept open.
pub(super) const CONNECTIONS: u32 = 64;
/// How many events a batch has.
pub(super) const BATCH: u32 = 100;

/// What was answered.
pub(super) struct Measured {
    pub(super) events: u64,
    pub(super) events_per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// Loads the server and returns how many events a second it answered. Any answer but a 200 is an error.
pub(super) fn load(address: &str, shape: Shape, seconds: u64) -> Result<Measured> {
    apt::install("wrk", &["wrk"])?;
    let script = workspace::root().join("xtask/src/bench/events.lua");
    let (path, count, kind) = match shape {
        Shape::Single => ("/ingest", 1, "alike"),
        Shape::Batch => ("/ingest/batch", BATCH, "alike"),
        Shape::Varied => ("/ingest/batch", BATCH, "varied"),
    };
    let printed = program("wrk")
        .args(["--threads", "1", "--latency", "--connections", &CONNECTIONS.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--script"])
        .arg(script)
        .arg(format!("http://{address}{path}"))
        .args(["--", &count.to_string(), &std::process::id().to_string(), kind])
        .read()?;
    if printed.contains("Non-2xx") || printed.contains("Socket errors") {
        bail!("not every request was answered 200:\n{printed}");
    }
    let value = |label: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(label));
        line.map(|rest| rest.trim().to_owned()).with_context(|| format!("no `{label}` in what wrk printed:\n{printed}"))
    };
    let rate: f64 = value("Requests/sec:")?.parse()?;
    let requests = printed.lines().find_map(|line| line.trim().split_once(" requests in "));
    let requests: u64 = requests.context("wrk told no number of requests")?.0.parse()?;
    Ok(Measured {
        events: requests * u64::from(count),
        events_per_second: rate * f64::from(count),
        p50_ms: milliseconds(&value("50%")?)?,
        p99_ms: milliseconds(&value("99%")?)?,
    })
}

/// A time as `wrk` prints it.
fn milliseconds(text: &str) -> Result<f64> {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)];
    let found = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = found.with_context(|| format!("wrk told the time `{text}`"))?;
    Ok(number.parse::<f64>()? * factor)
}
