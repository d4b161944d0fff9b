//! Local servers that stand in for S3 and DynamoDB, on free ports, with data that ends with them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use pik_test_support::{Program, Signal, wait_until};

use crate::command::tell;
use crate::{setup, workspace};

mod ministack;
mod seaweedfs;

/// What the stand-ins, and the SDK against them, are told.
const ACCESS_KEY: &str = "test";
const SECRET_KEY: &str = "testsecret";

/// How long a server may take until it answers. Usually it takes 2 to 8 s.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running S3, DynamoDB and SQS, or where to find them.
pub(crate) struct StandIns {
    s3_url: String,
    dynamodb_url: String,
    sqs_url: String,
    /// Only those of ours. They end when this is dropped.
    servers: Vec<Server>,
}

impl StandIns {
    /// Starts all, except what `PIK_TEST_S3_URL`, `PIK_TEST_DYNAMODB_URL` and `PIK_TEST_SQS_URL` name.
    pub(crate) fn start() -> Result<Self> {
        let given = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
        let mut servers = Vec::new();
        let mut start = |name: &str, kind: &str, start: fn(&std::path::Path) -> Result<Server>| -> Result<String> {
            if let Some(url) = given(name) {
                return Ok(url);
            }
            // One ministack is both DynamoDB and SQS.
            if let Some(server) = servers.iter().find(|server: &&Server| server.name == kind) {
                return Ok(server.url.clone());
            }
            let server = start(&setup::python::stand_ins()?)?;
            let url = server.url.clone();
            servers.push(server);
            Ok(url)
        };
        let s3_url = start("PIK_TEST_S3_URL", seaweedfs::NAME, seaweedfs::start)?;
        let dynamodb_url = start("PIK_TEST_DYNAMODB_URL", ministack::NAME, ministack::start)?;
        let sqs_url = start("PIK_TEST_SQS_URL", ministack::NAME, ministack::start)?;
        Ok(Self { s3_url, dynamodb_url, sqs_url, servers })
    }

    /// Tells a command where they are. Credentials that are set already stay, for servers that are not ours.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("PIK_TEST_S3_URL", &self.s3_url).env("PIK_TEST_DYNAMODB_URL", &self.dynamodb_url);
        command.env("PIK_TEST_SQS_URL", &self.sqs_url);
        let ours = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", "us-east-1"),
            // Do not wait for a machine role that is not there.
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        for (name, value) in ours {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
    }

    /// What they complained of at last, for a suite that failed: who reads its output may have no other trace of them.
    pub(crate) fn complaints(&self) -> String {
        let of = |server: &Server| {
            let log = server.log();
            let all: Vec<&str> = log.lines().filter(|line| complains(line)).collect();
            let last = all[all.len().saturating_sub(10)..].join("\n");
            format!("{}: {} complaints in its log\n{last}", server.name, all.len())
        };
        self.servers.iter().map(of).collect::<Vec<_>>().join("\n")
    }

    /// Which they are, for the suite's line.
    pub(crate) fn shown(&self) -> String {
        let names: Vec<&str> = self.servers.iter().map(|server| server.name).collect();
        if names.is_empty() { format!("{} and {}", self.s3_url, self.dynamodb_url) } else { names.join(" and ") }
    }
}

/// A server of ours. It ends before its folder goes.
struct Server {
    name: &'static str,
    url: String,
    program: Program,
    folder: PathBuf,
}

impl Server {
    /// Starts a program in a folder of its own, with its output in a file there, and waits until a whole round trip
    /// works. That it can be reached is not enough.
    fn start(
        name: &'static str,
        url: String,
        folder: PathBuf,
        mut command: Command,
        round_trip: impl Fn(&str) -> Result<()>,
    ) -> Result<Self> {
        let log = std::fs::File::create(folder.join("log"))?;
        let program = Program::start(command.current_dir(&folder).stdout(log.try_clone()?).stderr(log))?;
        let mut server = Self { name, url, program, folder };
        let start = Instant::now();
        let mut last = Ok(());
        wait_until(&format!("{name} did not answer"), PATIENCE, || {
            ensure!(!server.program.has_ended()?, "{name} ended early");
            last = round_trip(&server.url);
            Ok(last.is_ok())
        })
        .map_err(|error| error.context(format!("{last:?}: {}", server.last_words())))?;
        tell(format_args!("{name} answers at {} after {:.1} s", server.url, start.elapsed().as_secs_f32()));
        Ok(server)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data is of no further use, so it need not end in good order.
        let _ = self.program.signal(Signal::KILL);
        let _ = wait_until("it did not end", PATIENCE, || self.program.has_ended());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// SeaweedFS begins such lines with their level; both name an error in some spelling.
fn complains(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    line.starts_with(['W', 'E', 'F'])
        || ["error", "traceback", "disk", "no free"].iter().any(|word| lower.contains(word))
}

/// An empty folder for a server. Suites that run beside each other are one process, and each has servers of its own.
fn folder(name: &str) -> Result<PathBuf> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = workspace::target().join("stand-ins").join(format!("{name}-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Sends one request and returns the body of a 2xx answer.
fn call(url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<String> {
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into();
    Ok(agent.run(request.body(body.to_owned())?)?.body_mut().read_to_string()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_of_two_suites_share_no_folder() {
        let (first, second) = (folder("test").unwrap(), folder("test").unwrap());
        assert_ne!(first, second);
        assert!(first.is_dir() && second.is_dir());
        std::fs::remove_dir(first).unwrap();
        std::fs::remove_dir(second).unwrap();
    }
}
