//! A program that listens.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::program::Program;

/// A `pik serve`, or another program that prints `listening on http://…` or `https://…`. Killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    program: Program,
    url: String,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
}

impl Server {
    /// Starts the command and waits until it listens. Give it port 0: the server says which port it got. Standard
    /// error goes where the command says; pipe it to have it from [`end`](Server::end).
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut program = Program::start(command.stdout(Stdio::piped()))?;
        let mut metrics = None;
        loop {
            let line = program.line().context("the server does not listen")?;
            if let Some(url) = line.strip_prefix("listening on ") {
                let address = url.split_once("://").map_or(url, |(_, address)| address);
                let address = address.parse().with_context(|| line.clone())?;
                return Ok(Self { program, url: url.to_owned(), address, metrics });
            }
            let Some(address) = line.strip_prefix("metrics on http://").and_then(|rest| rest.strip_suffix("/metrics"))
            else {
                bail!("the server says neither where it listens nor where its metrics are: {line}");
            };
            metrics = Some(address.parse().with_context(|| line.clone())?);
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are, if they have an address of their own.
    #[must_use]
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// The base of its URLs.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Waits for the process to end. Returns how it ended, and its standard error if that was piped.
    pub fn end(self) -> Result<(ExitStatus, String)> {
        self.program.end()
    }
}

impl Deref for Server {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}
