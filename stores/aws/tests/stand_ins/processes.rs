//! Two `pik` processes on one bucket and one table.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::{join_all, try_join_all};
use pik_aws::Settings;
use pik_conformance::Bench;
use pik_core::{Answer, Event, EventId, Outcome, Status};
use pik_test_support::{Server, Signal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::bench::AwsBench;
use crate::invariants::{self, Attempt};
use crate::stand;

/// A `pik serve` or `pik console` on a bucket and a table.
pub(crate) struct Host {
    server: Server,
}

impl Host {
    pub(crate) fn start(settings: &Settings, command: &str) -> Result<Self> {
        let binary = std::env::var("PIK_TEST_BINARY").context("PIK_TEST_BINARY; run `cargo xtask test aws`")?;
        let mut program = Command::new(binary);
        program
            .args([command, "--store", "aws", "--listen", "127.0.0.1:0"])
            .env("RAW_BUCKET", &settings.bucket)
            .env("EVENTS_TABLE", &settings.table)
            .env("AWS_ENDPOINT_URL_S3", settings.s3_endpoint.as_deref().unwrap_or_default())
            .env("AWS_ENDPOINT_URL_DYNAMODB", settings.dynamodb_endpoint.as_deref().unwrap_or_default())
            .stderr(Stdio::null());
        Ok(Self { server: Server::start(&mut program)? })
    }

    /// Posts an event; `None` for an answer that tells to come back.
    pub(crate) async fn post(&self, body: &str, request_id: &str) -> Result<Option<Answer>> {
        let request = format!(
            "POST /ingest HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             x-request-id: {request_id}\r\ncontent-length: {}\r\n\r\n{body}",
            self.server.address(),
            body.len()
        );
        match self.ask(&request).await? {
            (200, body) => read_answer(&body).map(Some),
            (503, _) => Ok(None),
            (other, body) => bail!("{other}: {body}"),
        }
    }

    /// The answer to a question.
    pub(crate) async fn get(&self, target: &str) -> Result<String> {
        let address = self.server.address();
        let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let (status, body) = self.ask(&request).await?;
        ensure!(status == 200, "{status}: {body}");
        Ok(body)
    }

    /// The status and the body of the answer to a request that closes its connection.
    async fn ask(&self, request: &str) -> Result<(u16, String)> {
        let mut socket = TcpStream::connect(self.server.address()).await?;
        socket.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        Ok((status, body.to_owned()))
    }
}

fn read_answer(body: &str) -> Result<Answer> {
    let json: serde_json::Value = serde_json::from_str(body)?;
    let text = |name: &str| json[name].as_str().map(str::to_owned).with_context(|| format!("`{name}` in {body}"));
    Ok(Answer {
        event_id: text("event_id")?.parse().map_err(|_| anyhow::anyhow!("{body}"))?,
        status: match text("status")?.as_str() {
            "ACCEPTED" => Outcome::Accepted,
            "DUPLICATE" => Outcome::Duplicate,
            other => bail!("status {other}"),
        },
        ingest_lag_ms: json["ingest_lag_ms"].as_i64().with_context(|| body.to_owned())?,
        raw_key: text("s3_key")?.parse().map_err(|_| anyhow::anyhow!("{body}"))?,
    })
}

fn body(number: usize) -> String {
    format!(
        r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{{"steps":{number}}}}}"#
    )
}

fn id(body: &str) -> EventId {
    *Event::parse(body.as_bytes()).unwrap().id()
}

async fn two_hosts(test: &str) -> Result<(AwsBench, [Host; 2])> {
    let settings = stand::settings(test)?;
    let bench = AwsBench::made(settings.clone()).await?;
    let hosts = [Host::start(&settings, "serve")?, Host::start(&settings, "serve")?];
    Ok((bench, hosts))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn one_of_64_concurrent_posts_is_accepted() -> Result<()> {
    let (bench, hosts) = two_hosts("concurrent").await?;
    let body = body(10);
    let posts = (0..64).map(|nth| {
        let (host, body) = (&hosts[nth % 2], &body);
        async move { host.post(body, &format!("concurrent-{nth}")).await }
    });
    let answers = try_join_all(posts).await?;
    let mut accepted = 0;
    let mut attempts = Vec::new();
    for (nth, answer) in answers.into_iter().enumerate() {
        let answer = answer.with_context(|| format!("post {nth} was told to come back"))?;
        accepted += usize::from(answer.status == Outcome::Accepted);
        let mark = format!("concurrent-{nth}.");
        attempts.push(Attempt { event_id: id(&body), mark, arrived: None, answer: Some(answer) });
    }
    ensure!(accepted == 1, "{accepted} were ACCEPTED");
    let records = bench.records(&id(&body)).await?;
    let duplicates = records.iter().filter(|record| record.status == Status::Duplicate).count();
    ensure!(duplicates == 63, "{duplicates} duplicates are recorded");
    invariants::check(&bench, &attempts).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs S3 and DynamoDB: cargo xtask test aws"]
async fn nothing_is_lost_when_a_host_is_killed() -> Result<()> {
    const EVENTS: usize = 200;
    const SENDERS_OF_EACH: usize = 2;
    const AT_ONCE: usize = 24;
    let (bench, hosts) = two_hosts("killed").await?;
    let (next, answers) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let attempts = Arc::new(Mutex::new(Vec::new()));

    let sender = || async {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= EVENTS * SENDERS_OF_EACH {
                return Ok::<(), anyhow::Error>(());
            }
            let body = body(nth / SENDERS_OF_EACH);
            // Each to its host, and to the other when there is no answer.
            for retry in 0.. {
                ensure!(retry < 20, "no host answers");
                let request_id = format!("killed-{nth}-{retry}");
                let answer = hosts[(nth + retry) % 2].post(&body, &request_id).await.unwrap_or(None);
                let done = answer.is_some();
                let mark = format!("{request_id}.");
                attempts.lock().await.push(Attempt { event_id: id(&body), mark, arrived: None, answer });
                if done {
                    answers.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    let killer = async {
        while answers.load(Ordering::Relaxed) < EVENTS / 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        hosts[0].server.signal(Signal::KILL)
    };
    let (killed, sent) = tokio::join!(killer, join_all((0..AT_ONCE).map(|_| sender())));
    killed?;
    sent.into_iter().collect::<Result<()>>()?;

    let attempts = std::mem::take(&mut *attempts.lock().await);
    let lost = attempts.iter().filter(|attempt| attempt.answer.is_none()).count();
    println!("{} attempts, {lost} without an answer", attempts.len());
    ensure!(lost > 0, "no client noticed that a host was killed");
    invariants::check(&bench, &attempts).await
}
