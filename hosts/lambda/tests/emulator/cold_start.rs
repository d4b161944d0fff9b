//! From the start of the process to its first answer, before a Runtime API that does nothing else.
//!
//! `cargo xtask bench lambda` runs this on the function as it is deployed, with `PIK_TEST_STARTS` many starts.

use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use pik_test_support::Program;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::emulator::Backing;
use crate::payload::{Sent, Source};

/// What the function asked the Runtime API, and the connection that waits for the answer.
struct Asked {
    at: Instant,
    path: String,
    body: Vec<u8>,
    socket: TcpStream,
}

/// Reads one request off each connection, and hands it on.
async fn listen(listener: TcpListener, asked: Sender<Asked>) -> Result<()> {
    loop {
        let (mut socket, _) = listener.accept().await?;
        let asked = asked.clone();
        tokio::spawn(async move {
            let mut text = Vec::new();
            loop {
                let mut piece = [0; 65_536];
                let read = socket.read(&mut piece).await?;
                ensure!(read > 0, "the function hung up");
                text.extend_from_slice(&piece[..read]);
                let Some(end) = text.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let body = &text[end + 4..];
                let whole = match length {
                    Some(length) => body.len() == length.parse::<usize>()?,
                    None if head.contains("transfer-encoding: chunked") => body.ends_with(b"0\r\n\r\n"),
                    None => true,
                };
                if whole {
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let body = body.to_vec();
                    let _ = asked.send(Asked { at: Instant::now(), path, body, socket }).await;
                    return Ok(());
                }
            }
        });
    }
}

async fn next(asked: &mut Receiver<Asked>, path: &str) -> Result<Asked> {
    let next =
        tokio::time::timeout(Duration::from_secs(60), asked.recv()).await?.context("the function does not ask")?;
    ensure!(next.path.ends_with(path), "{} in place of {path}: {}", next.path, String::from_utf8_lossy(&next.body));
    Ok(next)
}

async fn reply(mut asked: Asked, status: &str, headers: &str, body: &str) -> Result<()> {
    let length = body.len();
    let reply = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}");
    Ok(asked.socket.write_all(reply.as_bytes()).await?)
}

/// How long one start took, until it asks for its first event; then how long the answers to two events took.
async fn start(backing: &Backing, number: usize) -> Result<[Duration; 3]> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let (sender, mut asked) = channel(4);
    let listening = tokio::spawn(listen(listener, sender));
    let begin = Instant::now();
    let _function = Program::start(backing.function(&address)?.stdout(Stdio::null()))?;

    let mut times = Vec::new();
    let mut waiting = next(&mut asked, "/runtime/invocation/next").await?;
    times.push(waiting.at - begin);
    for invocation in 0..2 {
        let body = format!(
            r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":[{number},{invocation}]}}"#
        );
        let sent = Sent {
            method: "POST",
            path: "/ingest",
            query: "",
            headers: &[("content-type", "application/json")],
            body: body.into_bytes(),
            base64: false,
        };
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() + 28_000;
        let headers = format!(
            "content-type: application/json\r\nlambda-runtime-aws-request-id: id-{invocation}\r\n\
             lambda-runtime-deadline-ms: {deadline}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:pik-lambda\r\n"
        );
        let handed_out = Instant::now();
        reply(waiting, "200 OK", &headers, &Source::HttpApi.payload(&sent).to_string()).await?;
        let answer = next(&mut asked, &format!("/id-{invocation}/response")).await?;
        times.push(answer.at - handed_out);
        let told: Value = serde_json::from_slice(&answer.body)?;
        let body: Value = serde_json::from_str(told["body"].as_str().context("no body")?)?;
        ensure!(told["statusCode"] == json!(200) && body["status"] == json!("ACCEPTED"), "{told}");
        reply(answer, "202 Accepted", "", "").await?;
        waiting = next(&mut asked, "/runtime/invocation/next").await?;
    }
    listening.abort();
    times.try_into().map_err(|_| anyhow::anyhow!("three times"))
}

#[tokio::test]
#[ignore = "needs S3 and DynamoDB: cargo xtask test lambda"]
async fn starts_and_answers() -> Result<()> {
    let starts: usize = std::env::var("PIK_TEST_STARTS").map_or(Ok(2), |count| count.parse())?;
    let backing = Backing::make().await?;
    let mut all = Vec::new();
    for number in 0..starts {
        all.push(start(&backing, number).await?);
    }
    println!("| of {starts} starts, ms | median | longest |");
    println!("|---|---|---|");
    let names = ["process to its first question", "first event to its answer", "second event to its answer"];
    for (place, name) in names.iter().enumerate() {
        let mut times: Vec<f64> = all.iter().map(|times| times[place].as_secs_f64() * 1_000.0).collect();
        times.sort_by(f64::total_cmp);
        println!("| {name} | {:.1} | {:.1} |", times[times.len() / 2], times[times.len() - 1]);
    }
    Ok(())
}
