//! Shippers that people have, configured as `docs/senders.md` says, before a server.

use anyhow::Result;

use super::{Suite, native};
use crate::setup::syslog_ng as setup;

mod connection;
mod scene;
mod scripted;
mod shipper;
mod syslog_ng;

pub(crate) const SUITE: Suite = Suite {
    name: "senders",
    about: "syslog-ng and the requests of four other shippers, as docs/senders.md says: every event once, refusals told",
    packages: setup::packages,
    run,
};

fn run() -> Result<String> {
    let programs = native::programs()?;
    let scripted = scripted::run(&programs)?;
    let real = syslog_ng::run(&programs)?;
    Ok(format!("{real}; {scripted}"))
}
