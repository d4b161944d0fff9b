//! An emulator and a function that is connected to it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use pik_aws::{AwsStore, Provision, Settings};
use pik_test_support::{Program, free_ports, wait_until};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FUNCTION: &str = "pik-lambda";

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| format!("{name}; run `cargo xtask test lambda`"))
}

/// A bucket and a table for a function.
pub(crate) struct Backing {
    name: String,
    store: AwsStore,
}

impl Backing {
    /// Makes both.
    pub(crate) async fn make() -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let name = format!("pik-lambda-{:x}", since.as_micros());
        let settings = Settings {
            patience: 8,
            s3_endpoint: Some(variable("PIK_TEST_S3_URL")?),
            dynamodb_endpoint: Some(variable("PIK_TEST_DYNAMODB_URL")?),
            ..Settings::new(name.clone(), name.clone())
        };
        let store = AwsStore::connect(settings).await?;
        store.init(&Provision::default()).await?;
        Ok(Self { name, store })
    }

    /// The function on them, for a Runtime API.
    pub(crate) fn function(&self, runtime_api: &str) -> Result<Command> {
        let mut function = Command::new(variable("PIK_TEST_LAMBDA")?);
        function
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_ENDPOINT_URL_S3", variable("PIK_TEST_S3_URL")?)
            .env("AWS_ENDPOINT_URL_DYNAMODB", variable("PIK_TEST_DYNAMODB_URL")?)
            .env("RAW_BUCKET", &self.name)
            .env("EVENTS_TABLE", &self.name);
        Ok(function)
    }
}

/// Both, killed when this is dropped.
pub(crate) struct Emulator {
    address: String,
    log: PathBuf,
    /// The store that the function writes to, seen from outside.
    pub(crate) store: AwsStore,
    _emulator: Program,
    _function: Program,
}

impl Emulator {
    /// Starts both on a bucket and a table of their own.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Result<Self> {
        let store = Backing::make().await?;

        let [port] = free_ports()?;
        let address = format!("127.0.0.1:{port}");
        let mut emulator = Program::start(
            Command::new(variable("PIK_TEST_CARGO_LAMBDA")?)
                .args(["lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1"])
                .args(["--invoke-port", &port.to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        wait_until("the emulator did not listen", Duration::from_secs(60), || {
            ensure!(!emulator.has_ended()?, "the emulator ended before it listened");
            Ok(std::net::TcpStream::connect(&address).is_ok())
        })?;

        let log = std::env::temp_dir().join(format!("{}.log", store.name));
        let mut function = store.function(&format!("http://{address}/.rt/{FUNCTION}"))?;
        function.envs(variables.iter().copied()).stdout(std::fs::File::create(&log)?);
        let function = Program::start(&mut function)?;
        Ok(Self { address, log, store: store.store, _emulator: emulator, _function: function })
    }

    /// What the function makes of an event source's payload.
    pub(crate) async fn invoke(&self, payload: &Value) -> Result<Value> {
        let payload = payload.to_string();
        let request = format!(
            "POST /2015-03-31/functions/{FUNCTION}/invocations HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{payload}",
            self.address,
            payload.len()
        );
        let mut socket = TcpStream::connect(&self.address).await?;
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
        if !head.starts_with("HTTP/1.1 200") {
            bail!("{head}: {body}");
        }
        serde_json::from_str(body).with_context(|| body.to_owned())
    }

    /// The function's standard output so far: each line one JSON object.
    pub(crate) fn lines(&self) -> Result<Vec<Value>> {
        let text = std::fs::read_to_string(&self.log)?;
        text.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.log);
    }
}
