//! A server over a store in memory, and clients of which a test decides every byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pik_core::{Investigate, MemoryStore, Store};
use pik_http::{Api, Config};
use pik_server::{Course, Front, Limits, Metrics, Server, ServerHost, Sockets, Tls};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// Time-outs that no test waits for, and few connections.
pub(crate) const LIMITS: Limits = Limits {
    header: Duration::from_secs(60),
    body: Duration::from_secs(60),
    request: Duration::from_secs(60),
    idle: Duration::from_secs(60),
    shutdown: Duration::from_millis(100),
    requests: 10,
    connections: 10,
};

/// How long a test waits for what must come, however slow the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An event without anything in its payload.
pub(crate) const EVENT: &str =
    r#"{"source":"s","event_type":"t","entity_id":"e","event_time":"2026-01-01T00:00:00Z","payload":1}"#;

pub(crate) struct Served {
    pub(crate) runtime: Runtime,
    pub(crate) address: SocketAddr,
    course: watch::Sender<Course>,
}

impl Served {
    pub(crate) fn new(config: Config, limits: Limits) -> Self {
        Self::on(MemoryStore::default(), config, limits, &[])
    }

    pub(crate) fn on(store: impl Store + Investigate, config: Config, limits: Limits, host_names: &[&str]) -> Self {
        Self::start(store, config, limits, host_names, None)
    }

    pub(crate) fn start(
        store: impl Store + Investigate,
        config: Config,
        limits: Limits,
        host_names: &[&str],
        tls: Option<Arc<Tls>>,
    ) -> Self {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).max_blocking_threads(1).enable_all().build().unwrap();
        let api = Api::new(store, ServerHost::new(Metrics::new().unwrap()), config).unwrap();
        let (steer, course) = watch::channel(Course::Serve);
        let events = SocketAddr::from(([127, 0, 0, 1], 0));
        let host_names = host_names.iter().map(|name| (*name).to_owned()).collect();
        let inside = runtime.enter();
        let front = Front {
            sockets: Sockets::bind(events, None).unwrap(),
            tls,
            proxies: Vec::new(),
            host_names,
            console: true,
        };
        let server = Server::new(api, front, limits).unwrap();
        drop(inside);
        let address = server.address().unwrap();
        runtime.spawn(server.serve(course));
        Self { runtime, address, course: steer }
    }

    pub(crate) fn steer(&self, course: Course) {
        self.course.send(course).unwrap();
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Client(stream)
    }

    /// Waits until a line stands in the metrics.
    pub(crate) fn wait_for_metric(&self, line: &str) {
        let start = Instant::now();
        loop {
            let (_, metrics) = self.ask(&get("/metrics"));
            if metrics.lines().any(|there| there == line) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "no {line} in {metrics}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The status and text of the answer to one request on a connection of its own.
    pub(crate) fn ask(&self, request: &str) -> (u16, String) {
        let mut client = self.connect();
        client.write(request);
        client.answer()
    }
}

pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn close_half(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Waits until there is something to read, and leaves it. A client that is dropped then resets its connection.
    pub(crate) fn leave_unread(&self) {
        assert_eq!(self.0.peek(&mut [0]).unwrap(), 1);
    }

    /// The head of the next answer.
    pub(crate) fn head(&mut self) -> String {
        let mut text = String::new();
        let mut byte = [0];
        while !text.ends_with("\r\n\r\n") {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "closed after {text:?}");
            text.push(char::from(byte[0]));
        }
        text
    }

    /// The status and text of the next answer; the text has head and body.
    pub(crate) fn answer(&mut self) -> (u16, String) {
        let mut text = self.head();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        text.push_str(&String::from_utf8(body).unwrap());
        (status, text)
    }

    /// Whether the server has closed, or closes now.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0]) {
            Ok(count) => count == 0,
            // A reset is the same to a client that has nothing more to read.
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

/// The request that posts an event.
pub(crate) fn post(target: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

pub(crate) fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}
