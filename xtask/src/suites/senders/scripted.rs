//! Shippers that no registry has: a script makes their requests byte for byte, and retries as they do.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use pik_test_support::{PATIENCE, Server, Signal, wait_until};

use super::connection::{self, Connection};
use super::scene::{self, Scene};
use super::shipper::{self, Reaction, Shipper};
use crate::command::{Run, program, tell};

/// More than two requests of each shipper, and what is left over.
const EVENTS: usize = 2_505;
/// The one without an offset.
const REFUSED: usize = 2_300;
/// What the token allows at once while it is limited: more than one request of each shipper, less than all.
const AT_ONCE: &str = "1000";

pub(super) fn run(programs: &Path) -> Result<String> {
    let page = scene::page()?;
    let shippers = shipper::all()?;
    for shipper in &shippers {
        let source = shipper.source()?;
        check_page(&page, shipper).context("docs/senders.md differs from the script")?;
        Delivery::new(programs, shipper)?.run().with_context(|| format!("the script of {source}"))?;
        tell(format_args!("{source}: {EVENTS} events through 429, 503, SIGKILL and a restart"));
    }
    Ok(format!("so are {} events of each of {} scripted shippers", EVENTS - 1, shippers.len()))
}

/// Whether the page has the configuration from which the requests follow, the statuses, and what they were read in.
fn check_page(page: &str, shipper: &Shipper) -> Result<()> {
    let lines: BTreeSet<&str> = page.lines().map(str::trim).collect();
    for line in shipper.configured()? {
        ensure!(lines.contains(line), "no line `{line}`");
    }
    let row = shipper.row()?;
    ensure!(page.contains(&row), "no row `{row}`");
    for read in shipper.read_in()? {
        // `owner/name commit path: what`, of which the page has the first two.
        let mut words = read.split(' ');
        let [project, commit] = [words.next(), words.next()].map(Option::unwrap_or_default);
        let named = !project.contains('/') || [project, commit].iter().all(|word| page.contains(word));
        ensure!(named, "`{project}` {commit} is not named");
    }
    Ok(())
}

struct Delivery<'a> {
    shipper: &'a Shipper,
    scene: Scene,
    token: String,
    lines: Vec<String>,
}

impl<'a> Delivery<'a> {
    fn new(programs: &Path, shipper: &'a Shipper) -> Result<Self> {
        let source = shipper.source()?;
        let mut scene = Scene::new(programs, source)?;
        let limited = ["--scope", "ingest,read", "--events-per-second", "1", "--tokens-file", "tokens", source];
        let token = scene.run(&[["token", "new"].as_slice(), &limited].concat())?.trim().to_owned();
        scene.token = Some(token.clone());
        let lines = (0..EVENTS).map(|number| {
            let offset = if number == REFUSED { "" } else { "Z" };
            let payload =
                format!("{{\"n\":{number},\"amount\":1.5,\"big\":9007199254740993,\"text\":\"Käse \\u0022\"}}");
            scene::event(source, "order", offset, &payload)
        });
        Ok(Self { shipper, lines: lines.collect(), scene, token })
    }

    fn run(&self) -> Result<()> {
        let bodies: Vec<String> =
            self.lines.chunks(self.shipper.events()?).map(|lines| self.body(lines)).collect::<Result<_>>()?;
        let (last, bodies) = bodies.split_last().context("no request")?;
        let mut bodies = bodies.iter();

        // The token allows no more for a quarter of an hour.
        let server = self.scene.serve("127.0.0.1:0", &["--tokens-file", "tokens", "--max-batch-events", AT_ONCE])?;
        let address = server.address();
        let mut connection = Connection::new(address);
        let over = loop {
            let request = self.request(address, bodies.next().context("no request was over the limit")?)?;
            match connection.post(&request)? {
                200 => {}
                429 => break request,
                status => bail!("{status} instead of 429"),
            }
        };
        self.expect(429, &Reaction::Retry)?;
        end(server, Signal::TERM)?;

        // A server that takes one request at once, while another is under way.
        let server = self.serve(address, &["--max-requests", "1"])?;
        let mut held = Connection::new(address).post_half(&over)?;
        wait_until("a request under way keeps no other out", PATIENCE, || {
            let status = Connection::new(address).post(&over)?;
            if status != 503 {
                // This one was first, so the other was sent away.
                held = Connection::new(address).post_half(&over)?;
            }
            Ok(status == 503)
        })?;
        self.expect(503, &Reaction::Retry)?;
        drop(held);
        end(server, Signal::TERM)?;

        // One that is killed with a request under way, whose answer is lost.
        let server = self.serve(address, &[])?;
        Connection::new(address).post_and_leave(&over)?;
        end(server, Signal::KILL)?;
        let server = self.serve(address, &[])?;
        let mut connection = Connection::new(address);
        self.deliver(&mut connection, &over)?;
        for body in bodies {
            self.deliver(&mut connection, &self.request(address, body)?)?;
        }

        // One that is away for the last request, which is compressed where the shipper can do that.
        end(server, Signal::TERM)?;
        let request = self.compressed(address, last)?;
        ensure!(connection.post(&request).is_err(), "the server is away, and something answers");
        let server = self.serve(address, &[])?;
        self.deliver(&mut connection, &request)?;
        self.check_counts(&server.url())?;
        self.scene.check_rejected(&server.url())?;
        self.check_refused(&mut connection, address)?;
        end(server, Signal::TERM)?;
        self.check_bytes()?;
        self.check_numbers()
    }

    fn serve(&self, address: SocketAddr, options: &[&str]) -> Result<Server> {
        self.scene.serve(&address.to_string(), &[["--token", &self.token].as_slice(), options].concat())
    }

    fn body(&self, lines: &[String]) -> Result<String> {
        let end = self.shipper.line_end()?;
        Ok(lines.iter().flat_map(|line| [line, end]).collect())
    }

    fn request(&self, address: SocketAddr, body: &str) -> Result<Vec<u8>> {
        Ok(connection::request(&self.shipper.head()?, address, &self.token, body.as_bytes()))
    }

    fn compressed(&self, address: SocketAddr, body: &str) -> Result<Vec<u8>> {
        let Some(head) = self.shipper.gzip_head()? else { return self.request(address, body) };
        let file = self.scene.folder.join("body");
        fs::write(&file, body)?;
        let output = program("gzip").arg("--stdout").arg(&file).output()?;
        ensure!(output.status.success(), "gzip: {}", String::from_utf8_lossy(&output.stderr));
        Ok(connection::request(&head, address, &self.token, &output.stdout))
    }

    fn deliver(&self, connection: &mut Connection, request: &[u8]) -> Result<()> {
        self.expect(connection.post(request)?, &Reaction::Done)
    }

    fn expect(&self, status: u16, wanted: &Reaction) -> Result<()> {
        let reaction = self.shipper.reaction(status);
        ensure!(reaction == *wanted, "{status} is answered by {reaction:?} and not {wanted:?}");
        Ok(())
    }

    /// Whether each event is there once. How many came twice depends on when the server was killed.
    fn check_counts(&self, url: &str) -> Result<()> {
        let source = self.shipper.source()?;
        wait_until("the counts of what arrived are not right", PATIENCE, || {
            let streams = self.scene.ask(&["streams", "--json", "--url", url])?;
            let [stream] = streams.as_slice() else { return Ok(false) };
            Ok(stream["source"] == source && stream["accepted"] == EVENTS - 1 && stream["rejected"] == 1)
        })
    }

    /// Whether the server refuses what the page warns of, and the shipper loses it.
    fn check_refused(&self, connection: &mut Connection, address: SocketAddr) -> Result<()> {
        let Some(head) = self.shipper.refused_head()? else { return Ok(()) };
        let body = self.body(&self.lines[..1])?;
        let status = connection.post(&connection::request(&head, address, &self.token, body.as_bytes()))?;
        ensure!(status == 415, "{status} instead of 415");
        self.expect(status, &Reaction::Drop)
    }

    /// Whether the raw objects are the lines, byte for byte.
    fn check_bytes(&self) -> Result<()> {
        self.scene.run(&["export", "--data", "data", "--to", "raw"])?;
        let found = program("find").arg(self.scene.folder.join("raw")).args(["-name", "event_id=*"]).read()?;
        let raw: BTreeSet<String> = found.lines().map(fs::read_to_string).collect::<std::io::Result<_>>()?;
        let mut sent: BTreeSet<String> = self.lines.iter().cloned().collect();
        sent.remove(&self.lines[REFUSED]);
        ensure!(raw == sent, "what is stored is not what was sent: {} and {} events", raw.len(), sent.len());
        Ok(())
    }

    /// Whether an event keeps its id where the shipper writes its numbers anew.
    fn check_numbers(&self) -> Result<()> {
        for number in self.shipper.numbers()? {
            let event = |text| scene::event("shop", "order", "Z", text) + "\n";
            fs::write(self.scene.folder.join("numbers"), event(number.made) + &event(number.written))?;
            let ids = self.scene.run(&["id", "numbers"])?;
            let [made, written] = ids.lines().collect::<Vec<_>>()[..] else { bail!("not two ids: {ids}") };
            let same = made == written;
            ensure!(same == number.same_event, "{} and {}: one event is {same}", number.made, number.written);
        }
        Ok(())
    }
}

fn end(server: Server, signal: Signal) -> Result<()> {
    server.signal(signal)?;
    server.end().map(drop)
}
