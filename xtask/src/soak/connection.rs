//! An HTTP/1.1 connection that is used again until the server says that it ends.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::PATIENCE;

/// A connection that was not used for so long is left, as pools do: a server that stops closes idle ones.
const IDLE: Duration = Duration::from_millis(500);

/// A connection to the server, opened when it is needed.
pub(super) struct Connection {
    address: SocketAddr,
    /// With when it was last used.
    stream: Option<(TcpStream, Instant)>,
}

/// Status and body of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Connection {
    pub(super) fn to(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a request once. Without a body it is a GET.
    pub(super) fn ask(&mut self, path: &str, body: Option<(&str, &[u8])>) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some((stream, used)) if used.elapsed() < IDLE => stream,
            Some(_) | None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream
            }
        };
        let mut request = match body {
            None => format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes(),
            Some((kind, body)) => {
                let length = body.len();
                format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n")
                    .into_bytes()
            }
        };
        request.extend_from_slice(body.map_or(&[], |(_, body)| body));
        stream.write_all(&request)?;
        let (answer, ends) = read(&mut stream)?;
        if !ends {
            self.stream = Some((stream, Instant::now()));
        }
        Ok(answer)
    }
}

/// A connection with nothing more to ask. It is closed when the process that it belongs to stops.
pub(super) fn idle(address: SocketAddr) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")?;
    anyhow::ensure!(stream.read(&mut [0; 4096])? > 0, "the server is not well");
    Ok(stream)
}

/// Reads an answer, and whether the connection ends with it.
fn read(stream: &mut TcpStream) -> Result<(Answer, bool)> {
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 64 << 10]);
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        let count = stream.read(&mut piece)?;
        anyhow::ensure!(count > 0, "the connection ended after {} bytes of an answer", bytes.len());
        bytes.extend_from_slice(&piece[..count]);
    };
    let head = String::from_utf8(bytes[..head_end].to_vec())?.to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("an answer without a status")?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let length: usize = header("content-length: ").context("an answer without a length")?.trim().parse()?;
    while bytes.len() < head_end + length {
        let count = stream.read(&mut piece)?;
        anyhow::ensure!(count > 0, "the connection ended within an answer");
        bytes.extend_from_slice(&piece[..count]);
    }
    let ends = header("connection: ").is_some_and(|value| value.trim() == "close");
    Ok((Answer { status, body: String::from_utf8(bytes[head_end..].to_vec())? }, ends))
}
