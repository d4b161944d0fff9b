//! Restarts under load over HTTP/2.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use http::Request;
use pik_test_support::{PATIENCE, Signal, wait_until};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::events::event;
use crate::server::Server;
use crate::store::contents;

const CONNECTIONS: usize = 4;
const STREAMS: usize = 8;
const RESTARTS: usize = 3;

/// Starts a server with a certificate, and a client's configuration that trusts it.
fn start(folder: &Path) -> (Server, Arc<ClientConfig>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    let server = Server::start_with(|command| {
        command.arg("--tls-cert").arg(folder.join("cert.pem")).arg("--tls-key").arg(folder.join("key.pem"))
    });
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (server, Arc::new(config))
}

/// One connection after the other; several tasks use the newest.
struct Client {
    address: std::net::SocketAddr,
    config: Arc<ClientConfig>,
    connection: tokio::sync::Mutex<Option<SendRequest<Bytes>>>,
}

impl Client {
    async fn connection(&self) -> SendRequest<Bytes> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = &*connection
            && let Ok(ready) = open.clone().ready().await
        {
            return ready;
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await.unwrap();
        let (sender, driver) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(driver);
        let ready = sender.ready().await.unwrap();
        *connection = Some(ready.clone());
        ready
    }

    /// The answer's status and text; nothing if the server has said that it did not look at the request.
    async fn post(&self, body: &[u8]) -> Option<(u16, String)> {
        let request = Request::post("https://localhost/ingest").header("content-type", "application/json");
        let sent = self.connection().await.send_request(request.body(()).unwrap(), false);
        // It heard of the end before it sent anything.
        let (response, mut stream) = sent.ok()?;
        let answer = async {
            stream.send_data(Bytes::copy_from_slice(body), true)?;
            let (head, mut body) = response.await?.into_parts();
            let mut text = Vec::new();
            while let Some(piece) = body.data().await {
                text.extend_from_slice(&piece?);
            }
            Ok::<_, h2::Error>((head.status.as_u16(), String::from_utf8(text).unwrap()))
        };
        match answer.await {
            Ok(answer) => Some(answer),
            // The number of the last stream that was looked at came with it.
            Err(error) if error.is_go_away() && error.reason() == Some(Reason::NO_ERROR) => None,
            Err(error) if error.reason() == Some(Reason::REFUSED_STREAM) => None,
            Err(error) => panic!("a request without its answer: {error:?}"),
        }
    }
}

async fn post_events(client: Arc<Client>, numbers: Arc<AtomicU64>, enough: Arc<AtomicBool>) {
    while !enough.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        loop {
            if let Some((status, text)) = client.post(&event(number)).await {
                // What was not looked at before is new now.
                assert!(status == 200 && text.contains("\"ACCEPTED\""), "{number}: {status} {text}");
                break;
            }
        }
    }
}

#[test]
fn a_restart_loses_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, config) = start(folder.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (numbers, enough) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = Client { address: server.address, config: Arc::clone(&config), connection: Default::default() };
        let client = Arc::new(client);
        for _ in 0..STREAMS {
            tasks.push(runtime.spawn(post_events(Arc::clone(&client), Arc::clone(&numbers), Arc::clone(&enough))));
        }
    }
    let go_on = || {
        let before = numbers.load(Ordering::Relaxed);
        let answers = || {
            assert!(!tasks.iter().any(|task| task.is_finished()), "a client gave up");
            Ok(numbers.load(Ordering::Relaxed) >= before + 10 * (CONNECTIONS * STREAMS) as u64)
        };
        wait_until("clients get no answers", PATIENCE, answers).unwrap();
    };
    go_on();
    for _ in 0..RESTARTS {
        server.signal(Signal::USR2);
        server.wait_for_the_next();
        go_on();
    }
    enough.store(true, Ordering::Relaxed);
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let (status, log, data) = server.stop();
    assert!(status.success() && !log.contains("requests in flight were not answered"), "{log}");
    assert_eq!(contents(data.path()).records.len() as u64, numbers.load(Ordering::Relaxed));
}
