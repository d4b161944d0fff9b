//! ministack for SQS and DynamoDB: right on conditional writes that return the old item, number sort keys and paging.

use std::path::Path;

use anyhow::{Result, ensure};
use pik_test_support::{bound_to_us, free_ports};

use super::{Server, call, folder};

pub(super) const NAME: &str = "ministack";

pub(super) fn start(bin: &Path) -> Result<Server> {
    let folder = folder("ministack")?;
    let [port] = free_ports()?;
    let mut command = bound_to_us(bin.join("ministack"));
    command.env("SERVICES", "dynamodb,sqs").env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
    // It would look for containers to start.
    command.env("DOCKER_HOST", "");
    Server::start(NAME, format!("http://127.0.0.1:{port}"), folder, command, round_trip)
}

fn round_trip(url: &str) -> Result<()> {
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", "DynamoDB_20120810.ListTables"),
        // It reads the account and the service from here and checks no signature.
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
        ),
    ];
    let body = call(url, "POST", "/", &headers, "{}")?;
    ensure!(body.contains("TableNames"), "a list of tables came back as {body:?}");
    Ok(())
}
