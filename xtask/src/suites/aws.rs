//! The store on S3 and DynamoDB, against servers that stand in for them.

use anyhow::Result;

use super::{Suite, cloud};
use crate::workspace;

pub(crate) const SUITE: Suite = Suite {
    name: "aws",
    about: "S3 + DynamoDB: conformance, races, faults, crashes, init, verify, costs",
    packages: super::no_packages,
    run,
};

fn run() -> Result<String> {
    cloud::run("stand_ins", |command| {
        command.env("PIK_TEST_BINARY", workspace::target().join("debug/pik"));
    })
}
