//! HTTP/2, which clients and this server agree on within TLS.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode};
use h2::client::{SendRequest, handshake};
use h2::{Reason, SendStream, client};
use pik_core::MemoryStore;
use pik_http::Config;
use pik_server::{Course, Limits, Tls};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

use crate::served::{EVENT, LIMITS, PATIENCE, Served};

/// A server with a certificate, and what a client trusts.
struct Secure {
    served: Served,
    certificate: CertificateDer<'static>,
}

type Driver = JoinHandle<Result<(), h2::Error>>;

impl Secure {
    fn new(limits: Limits) -> Self {
        Self::with(Config { metrics: true, ..Config::default() }, limits)
    }

    fn with(config: Config, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        std::fs::write(&certificate, cert.pem()).unwrap();
        std::fs::write(&key, signing_key.serialize_pem()).unwrap();
        let tls = Arc::new(Tls::open(certificate, key).unwrap());
        let served = Served::start(MemoryStore::default(), config, limits, &[], Some(tls));
        Self { served, certificate: cert.der().clone() }
    }

    fn run<T>(&self, test: impl Future<Output = T>) -> T {
        self.served.runtime.block_on(async { timeout(PATIENCE, test).await.expect("a server that answers") })
    }

    async fn stream(&self) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut config = config
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(self.served.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    async fn connect(&self) -> (SendRequest<Bytes>, Driver) {
        let (sender, connection) = handshake(self.stream().await).await.unwrap();
        (sender, tokio::spawn(connection))
    }
}

fn request(method: Method, path: &str) -> Request<()> {
    let request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    request.header("content-type", "application/json").body(()).unwrap()
}

struct Answer {
    head: axum::http::response::Parts,
    text: String,
}

async fn read(response: client::ResponseFuture) -> Result<Answer, h2::Error> {
    let (head, mut body) = response.await?.into_parts();
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        bytes.extend_from_slice(&piece);
    }
    Ok(Answer { head, text: String::from_utf8(bytes).unwrap() })
}

async fn get(sender: &SendRequest<Bytes>, path: &str) -> Result<Answer, h2::Error> {
    let (response, _) = sender.clone().ready().await?.send_request(request(Method::GET, path), true)?;
    read(response).await
}

async fn begin(sender: &SendRequest<Bytes>, path: &str) -> (client::ResponseFuture, SendStream<Bytes>) {
    let mut sender = sender.clone().ready().await.unwrap();
    sender.send_request(request(Method::POST, path), false).unwrap()
}

async fn post(sender: &SendRequest<Bytes>, path: &str, body: &'static str) -> Answer {
    let (response, mut stream) = begin(sender, path).await;
    stream.send_data(Bytes::from(body), true).unwrap();
    read(response).await.unwrap()
}

#[test]
fn answers_are_those_of_http_1_without_its_connection_header() {
    let server = Secure::new(LIMITS);
    server.run(async {
        let (sender, _) = server.connect().await;
        let answer = post(&sender, "/ingest", EVENT).await;
        assert_eq!(answer.head.status, StatusCode::OK);
        assert!(answer.text.contains("\"status\":\"ACCEPTED\""), "{}", answer.text);
        assert!(answer.head.headers.contains_key("x-request-id"));
        assert_eq!(post(&sender, "/ingest", "{").await.head.status, StatusCode::BAD_REQUEST);
        assert_eq!(get(&sender, "/console/").await.unwrap().head.status, StatusCode::OK);
        assert_eq!(sender.current_max_send_streams(), 128);
        // A page of another site that has its name resolve to this machine.
        for (uri, host, status) in [
            ("https://evil.example/events?entity_id=e", None, 400),
            ("https://localhost/events?entity_id=e", Some("evil.example"), 400),
            ("https://127.0.0.1/events?entity_id=e", Some("127.0.0.1"), 200),
            ("https://evil.example/readyz", None, 200),
        ] {
            let mut request = Request::get(uri);
            if let Some(host) = host {
                request = request.header("host", host);
            }
            let mut sender = sender.clone().ready().await.unwrap();
            let (response, _) = sender.send_request(request.body(()).unwrap(), true).unwrap();
            assert_eq!(read(response).await.unwrap().head.status, status, "{uri} {host:?}");
        }
    });
}

#[test]
fn a_body_over_the_limit_hears_so_and_the_next_request_is_answered() {
    let server = Secure::with(Config { max_event_bytes: 1_000_000, ..Config::default() }, LIMITS);
    server.run(async {
        let (sender, _) = server.connect().await;
        // More than is read at once, sent as the client may.
        for length in [1_000_001, 4_000_000, 12_000_000] {
            let (response, mut stream) = begin(&sender, "/ingest").await;
            let sent = async {
                let mut left = Bytes::from(vec![b' '; length]);
                while !left.is_empty() {
                    stream.reserve_capacity(left.len());
                    match poll_fn(|cx| stream.poll_capacity(cx)).await {
                        Some(Ok(count)) => {
                            let piece = left.split_to(count);
                            if stream.send_data(piece, left.is_empty()).is_err() {
                                return;
                            }
                        }
                        // The answer came first, and the rest is not wanted.
                        Some(Err(_)) | None => return,
                    }
                }
            };
            let (answer, ()) = tokio::join!(read(response), sent);
            let answer = answer.unwrap();
            assert_eq!(answer.head.status, StatusCode::PAYLOAD_TOO_LARGE);
            assert!(answer.text.contains("too_large"), "{}", answer.text);
        }
        assert_eq!(post(&sender, "/ingest", EVENT).await.head.status, StatusCode::OK);
    });
}

#[test]
fn a_body_that_stops_half_way_ends_its_own_request_alone() {
    let server = Secure::new(Limits { body: Duration::from_millis(300), ..LIMITS });
    server.run(async {
        let (sender, _) = server.connect().await;
        let (response, mut stream) = begin(&sender, "/ingest").await;
        stream.send_data(Bytes::from(&EVENT[..9]), false).unwrap();
        assert_eq!(post(&sender, "/ingest", EVENT).await.head.status, StatusCode::OK);
        let answer = read(response).await.unwrap();
        assert!(answer.head.status == StatusCode::REQUEST_TIMEOUT && answer.text.contains("timeout"));
        assert_eq!(post(&sender, "/ingest", EVENT).await.head.status, StatusCode::OK);
    });
}

#[test]
fn a_connection_without_requests_is_told_to_go() {
    let idle = Secure::new(Limits { idle: Duration::from_millis(200), ..LIMITS });
    idle.run(async {
        let (sender, driver) = idle.connect().await;
        assert_eq!(get(&sender, "/healthz").await.unwrap().head.status, StatusCode::OK);
        driver.await.unwrap().expect("no error, as GOAWAY came first");
        let error = sender.ready().await.expect_err("a connection that takes no request");
        assert!(error.is_go_away() || !error.is_reset(), "{error}");
    });
    let silent = Secure::new(Limits { header: Duration::from_millis(200), ..LIMITS });
    silent.run(async {
        let (_sender, driver) = silent.connect().await;
        // Long before the limit of idle ones.
        let _ = driver.await.unwrap();
        // One that does not even begin.
        let mut settings = Vec::new();
        let _ = silent.stream().await.read_to_end(&mut settings).await;
        assert!(!settings.is_empty());
    });
}

#[test]
fn a_client_that_takes_no_answer_is_left_although_it_is_there() {
    let server = Secure::new(Limits { idle: Duration::from_millis(500), ..LIMITS });
    server.run(async {
        let mut builder = client::Builder::new();
        // Nothing of any body can be sent to it.
        builder.initial_window_size(0);
        let (sender, mut connection) = builder.handshake::<_, Bytes>(server.stream().await).await.unwrap();
        let mut pings = connection.ping_pong().unwrap();
        let driver = tokio::spawn(connection);
        let mut sender = sender.ready().await.unwrap();
        let (response, _) = sender.send_request(request(Method::GET, "/openapi.json"), true).unwrap();
        assert_eq!(response.await.unwrap().status(), StatusCode::OK);
        // It shows that it is there until the connection ends.
        while pings.ping(h2::Ping::opaque()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _ = driver.await.unwrap();
    });
}

#[test]
fn connections_have_slots_and_health_is_answered_beyond_them() {
    let server = Secure::new(Limits { connections: 2, ..LIMITS });
    server.run(async {
        let (first, driver) = server.connect().await;
        let (second, _) = server.connect().await;
        assert_eq!(get(&first, "/healthz").await.unwrap().head.status, StatusCode::OK);
        // Idle connections make room; one with a request does not.
        let (held, mut body) = begin(&second, "/ingest").await;
        assert_eq!(get(&second, "/healthz").await.unwrap().head.status, StatusCode::OK);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let (third, _) = server.connect().await;
        let (held_too, mut body_too) = begin(&third, "/ingest").await;
        assert_eq!(get(&third, "/healthz").await.unwrap().head.status, StatusCode::OK);
        let _ = driver.await.unwrap();
        for (path, status) in [("/readyz", StatusCode::OK), ("/streams", StatusCode::SERVICE_UNAVAILABLE)] {
            let (beyond, driver) = server.connect().await;
            let answer = get(&beyond, path).await.unwrap();
            assert_eq!(answer.head.status, status, "{}", answer.text);
            assert_eq!(answer.text.contains("overloaded"), path == "/streams");
            driver.await.unwrap().expect("no error, as GOAWAY came first");
        }
        for (response, body) in [(held, &mut body), (held_too, &mut body_too)] {
            body.send_data(Bytes::from(EVENT), true).unwrap();
            assert_eq!(read(response).await.unwrap().head.status, StatusCode::OK);
        }
    });
}

#[test]
fn a_stop_answers_what_is_in_flight() {
    let server = Secure::new(Limits { shutdown: PATIENCE, ..LIMITS });
    server.run(async {
        let (sender, driver) = server.connect().await;
        let (response, mut body) = begin(&sender, "/ingest").await;
        assert_eq!(get(&sender, "/healthz").await.unwrap().head.status, StatusCode::OK);
        server.served.steer(Course::Stop);
        while get(&sender, "/healthz").await.is_ok() {}
        body.send_data(Bytes::from(EVENT), true).unwrap();
        assert_eq!(read(response).await.unwrap().head.status, StatusCode::OK);
        driver.await.unwrap().expect("no error, as GOAWAY came first");
    });
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// GET https://localhost/, by the static table of HPACK.
const HEAD: &[u8] = b"\x82\x87\x84\x41\x09localhost";

/// Sends frames, and returns the reason with which the connection ends.
async fn reason(server: &Secure, frames: Vec<u8>) -> Reason {
    let mut stream = server.stream().await;
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(SETTINGS, 0, 0, &[]));
    sent.extend(frames);
    // It may be closed before all is written.
    let _ = stream.write_all(&sent).await;
    let mut head = [0; 9];
    loop {
        stream.read_exact(&mut head).await.expect("GOAWAY comes before the end");
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == GOAWAY {
            return u32::from_be_bytes(payload[4..8].try_into().unwrap()).into();
        }
    }
}

#[test]
fn floods_end_their_connection() {
    let server = Secure::new(LIMITS);
    server.run(async {
        // CVE-2023-44487: requests that are taken back at once.
        let resets = (0..2_000).flat_map(|number| {
            let stream = 2 * number + 1;
            let request = frame(HEADERS, END_STREAM | END_HEADERS, stream, HEAD);
            [request, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
        });
        assert_eq!(reason(&server, resets.collect()).await, Reason::ENHANCE_YOUR_CALM);
        // A head that never ends.
        let begin = frame(HEADERS, END_STREAM, 1, HEAD);
        let more = (0..2_000).flat_map(|_| frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b"));
        assert_eq!(reason(&server, begin.into_iter().chain(more).collect()).await, Reason::ENHANCE_YOUR_CALM);
        let (sender, _) = server.connect().await;
        assert_eq!(get(&sender, "/healthz").await.unwrap().head.status, StatusCode::OK);
        // A head that is too long.
        let mut long = request(Method::GET, "/healthz");
        long.headers_mut().insert("x-long", "x".repeat(40_000).parse().unwrap());
        let (response, _) = sender.clone().ready().await.unwrap().send_request(long, true).unwrap();
        assert_eq!(read(response).await.unwrap().head.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(get(&sender, "/healthz").await.unwrap().head.status, StatusCode::OK);
    });
}
