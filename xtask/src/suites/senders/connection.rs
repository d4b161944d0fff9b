//! Requests written byte for byte, over a connection that is kept as a shipper keeps it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, ensure};
use pik_test_support::PATIENCE;

pub(super) struct Connection {
    address: SocketAddr,
    open: Option<TcpStream>,
}

impl Connection {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, open: None }
    }

    /// Sends a request and returns the answer's status. After an error the next request has a new connection.
    pub(super) fn post(&mut self, request: &[u8]) -> Result<u16> {
        let mut stream = self.write(request)?;
        let (status, keep) = answer(&mut stream)?;
        self.open = keep.then_some(stream);
        Ok(status)
    }

    /// Sends a request and is gone before the answer.
    pub(super) fn post_and_leave(&mut self, request: &[u8]) -> Result<()> {
        self.write(request).map(drop)
    }

    /// Sends the head of a request and a part of its body. The request is under way until what is returned is dropped.
    pub(super) fn post_half(&mut self, request: &[u8]) -> Result<TcpStream> {
        self.write(&request[..request.len() - 1])
    }

    fn write(&mut self, request: &[u8]) -> Result<TcpStream> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address)?,
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request)?;
        Ok(stream)
    }
}

/// The bytes of a request with this head.
pub(super) fn request(head: &[&str], host: SocketAddr, token: &str, body: &[u8]) -> Vec<u8> {
    let mut head = head.join("\r\n") + "\r\n\r\n";
    for (name, value) in [("{host}", &host.to_string()), ("{token}", &token.to_owned())] {
        head = head.replace(name, value);
    }
    let mut request = head.replace("{length}", &body.len().to_string()).into_bytes();
    request.extend_from_slice(body);
    request
}

/// The status, and whether the connection may be used again.
fn answer(stream: &mut TcpStream) -> Result<(u16, bool)> {
    let mut reader = BufReader::new(stream);
    let (mut status, mut length, mut keep) = (None, None, true);
    loop {
        let mut line = String::new();
        ensure!(reader.read_line(&mut line)? > 0, "the connection ended before the answer");
        let line = line.trim_end().to_ascii_lowercase();
        if status.is_none() {
            status = Some(line.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)).context("a status")?.parse()?);
        } else if line.is_empty() {
            break;
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = Some(value.trim().parse()?);
        } else if line == "connection: close" {
            keep = false;
        }
    }
    let mut body = vec![0; length.context("an answer without a length")?];
    reader.read_exact(&mut body)?;
    Ok((status.context("a status")?, keep))
}
