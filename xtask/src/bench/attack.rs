//! What hostile bodies do to a server: whether it answers health checks meanwhile, and how much memory it takes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use pik_test_support::Server;

use super::process;
use super::{Args, Part};
use crate::command::{Run, cargo};
use crate::workspace;

pub(super) const PART: Part =
    Part { name: "attack", about: "health checks under hostile bodies, and memory under bodies that never end", run };

/// The largest body that the server reads.
const BODY: usize = 16 << 20;
/// How many connections send each kind of hostile body, one after the other without a pause.
const OF_A_KIND: usize = 2;
/// How many connections hold a body that lacks its last byte.
const HELD: usize = 1_000;
/// How many threads open these.
const OPENERS: usize = 20;

fn run(args: &Args) -> Result<()> {
    cargo().args(["build", "--release", "--quiet", "--package", "pik"]).run()?;
    let folder = workspace::target().join("bench-attack");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    // Refusals are no part of what is measured here, and each is a line.
    let server = process::pik(&folder, "error")?;
    health_checks(&server, Duration::from_secs(args.seconds))?;
    drop(server);
    std::fs::remove_dir_all(&folder)?;
    let data = folder.to_string_lossy();
    // By default, 900 connections are served at once.
    let args = ["serve", "--listen", "127.0.0.1:0", "--data", &data, "--max-connections", "1100"];
    let server = process::start(workspace::target().join("release/pik"), "error", &args)?;
    memory(&server)?;
    drop(server);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A kind of body that costs the server more than it costs its sender.
struct Hostile {
    name: &'static str,
    encoding: Option<&'static str>,
    body: Vec<u8>,
}

fn hostile() -> Vec<Hostile> {
    // Both are whole, and hold nothing.
    const GZIP_MEMBER: [u8; 20] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const ZSTD_FRAME: [u8; 9] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0];
    // A frame of blocks, each of which is one byte 131,072 times.
    const ZSTD_HEAD: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    const ZSTD_BLOCK: [u8; 4] = [2, 0, 0x10, b' '];
    let of = |name, encoding, body| Hostile { name, encoding: Some(encoding), body };
    vec![
        of("gzip, empty members", "gzip", GZIP_MEMBER.repeat(BODY / GZIP_MEMBER.len())),
        of("zstd, empty frames", "zstd", ZSTD_FRAME.repeat(BODY / ZSTD_FRAME.len())),
        of("zstd, 512 GiB of spaces", "zstd", [&ZSTD_HEAD[..], &ZSTD_BLOCK.repeat((BODY - 8) / 4)].concat()),
        Hostile { name: "events of unsorted members", encoding: None, body: unsorted() },
    ]
}

/// A batch of events of nearly a megabyte, no two members of which are in order.
fn unsorted() -> Vec<u8> {
    const MEMBERS: usize = 60_000;
    let mut batch = String::new();
    for event in 0..16 {
        batch += &format!(
            r#"{{"source":"demo","event_type":"heartbeat","entity_id":"user_{event}","event_time":"2025-12-28T23:59:59Z","payload":{{"#
        );
        for member in 0..MEMBERS {
            // A step that has no divisor in common with the count visits every number once.
            let number = (member * 39_989) % MEMBERS;
            batch += &format!("{}\"k{number:07}\":1", if member > 0 { "," } else { "" });
        }
        batch += "}}\n";
    }
    batch.into_bytes()
}

/// How long health checks take while all kinds of hostile bodies come at once.
fn health_checks(server: &Server, time: Duration) -> Result<()> {
    let kinds = hostile();
    let (over, answered) = (AtomicBool::new(false), kinds.iter().map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
    let before = process_seconds(server)?;
    let is_over = &over;
    let waits = thread::scope(|scope| {
        for (kind, answered) in kinds.iter().zip(&answered) {
            for _ in 0..OF_A_KIND {
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        // A connection that the server closes under the sender is an answer too.
                        let _ = post(server.address(), kind);
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
        let waits = healthy(server, time);
        is_over.store(true, Ordering::Relaxed);
        waits
    })?;
    println!("| `GET /healthz`, beside {OF_A_KIND} connections of each kind | |\n|---|---|");
    println!("| asked | {} times in {} s |", waits.len(), time.as_secs());
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("slowest", 1.0)] {
        println!("| {name} | {:.1} ms |", waits[((waits.len() - 1) as f64 * share) as usize]);
    }
    println!("| the server's processor time | {:.1} s |", process_seconds(server)? - before);
    for (kind, answered) in kinds.iter().zip(&answered) {
        let (name, bytes) = (kind.name, kind.body.len());
        println!("| bodies answered: {name}, {bytes} bytes | {} |", answered.load(Ordering::Relaxed));
    }
    Ok(())
}

fn process_seconds(server: &Server) -> Result<f64> {
    super::processor_time::seconds(server.id())
}

/// Sends a body and reads the answer to its end.
fn post(address: SocketAddr, kind: &Hostile) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let encoding = kind.encoding.map(|name| format!("content-encoding: {name}\r\n")).unwrap_or_default();
    let head = format!(
        "POST /ingest/batch HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/x-ndjson\r\n{encoding}content-length: {}\r\n\r\n",
        kind.body.len()
    );
    stream.write_all(head.as_bytes())?;
    // A refusal may come before the whole body is sent.
    let _ = stream.write_all(&kind.body);
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Milliseconds that health checks take, in order of size; each comes on a connection of its own.
fn healthy(server: &Server, time: Duration) -> Result<Vec<f64>> {
    let (start, mut waits) = (Instant::now(), Vec::new());
    while start.elapsed() < time {
        let asked = Instant::now();
        check_health(server.address())?;
        waits.push(asked.elapsed().as_secs_f64() * 1_000.0);
        thread::sleep(Duration::from_millis(10));
    }
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

fn check_health(address: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "the health check failed: {answer}");
    Ok(())
}

/// How much memory the server takes while connections hold bodies that lack their last byte.
fn memory(server: &Server) -> Result<()> {
    let (address, idle) = (server.address(), process::resident_mib(server)?);
    let held: Vec<(TcpStream, usize)> = thread::scope(|scope| {
        let openers: Vec<_> = (0..OPENERS)
            .map(|_| scope.spawn(|| (0..HELD / OPENERS).map(|_| hold(address)).collect::<Result<Vec<_>>>()))
            .collect();
        let held: Result<Vec<_>> =
            openers.into_iter().map(|opener| opener.join().ok().context("a thread died")?).collect();
        held.map(|held| held.into_iter().flatten().collect())
    })?;
    check_health(address)?;
    let sent: usize = held.iter().map(|(_, sent)| sent).sum();
    println!("\n| {HELD} connections, each with a body of {BODY} bytes without its end | |\n|---|---|");
    println!("| resident before | {idle:.0} MiB |");
    println!("| resident at most | {:.0} MiB |", process::peak_mib(server)?);
    println!("| taken in by the sockets and the server | {} MiB |", sent >> 20);
    Ok(())
}

/// A connection that has sent as much of a body as the server took, and never the last byte.
fn hold(address: SocketAddr) -> Result<(TcpStream, usize)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_write_timeout(Some(Duration::from_millis(200)))?;
    write!(
        stream,
        "POST /ingest/batch HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-ndjson\r\ncontent-length: {BODY}\r\n\r\n"
    )?;
    let (piece, mut sent) = (vec![b' '; 64 << 10], 0);
    while sent + piece.len() < BODY {
        match stream.write(&piece) {
            Ok(bytes) => sent += bytes,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            // It was refused.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok((stream, sent))
}
