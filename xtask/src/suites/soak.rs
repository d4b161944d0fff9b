//! The soak test for five minutes: `cargo xtask soak` runs it for longer, with the optimised program.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use pik_test_support::free_ports;

use super::{Suite, native};
use crate::{soak, workspace};

pub(crate) const SUITE: Suite = Suite {
    name: "soak",
    about: "five minutes of mixed load with restarts, SIGKILLs, backups and a full disk lose no event",
    packages: super::no_packages,
    run,
};

const TIME: Duration = Duration::from_secs(300);

fn run() -> Result<String> {
    native::programs()?;
    let [port] = free_ports()?;
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    soak::soak(&workspace::target().join("debug/pik"), server, server, TIME)
}
