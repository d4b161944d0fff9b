//! The server over stores that panic, hang and fail: each request is answered, and the next one too.

use std::future::pending;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use pik_core::{
    Answer, Bucket, EventId, Evidence, IngestTime, Investigate, NotKept, Page, Position, Query, QueryError, RawObject,
    Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace, RejectionQuery, Rejections,
    StatsQuery, Store, StoreError, Stream, Submission,
};
use pik_http::{Api, Config};
use pik_server::{Course, Front, Limits, Metrics, Server, ServerHost, Sockets};
use tokio::sync::{Semaphore, watch};

use crate::served::{self, EVENT, Served, get};

/// Lets events go on that wait.
static RELEASED: Semaphore = Semaphore::const_new(0);

/// Does what the event's source says.
struct Faulty;

impl Store for Faulty {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        match submission.source.as_str() {
            "panics" => panic!("as asked"),
            "hangs" => pending().await,
            "waits" => {
                RELEASED.acquire().await.expect("nobody closes it").forget();
                Err(StoreError::Overloaded("as asked".into()))
            }
            "overloaded" => Err(StoreError::Overloaded("as asked".into())),
            _ => Err(StoreError::Unavailable("as asked".into())),
        }
    }

    async fn ingest_batch(&self, _: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        panic!("as asked")
    }

    async fn find(&self, _: &EventId) -> Result<Option<Record>, StoreError> {
        Ok(None)
    }

    async fn raw(&self, _: &EventId) -> Result<Option<RawObject>, StoreError> {
        Ok(None)
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        Ok(now)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("as asked".into()))
    }
}

impl Rejections for Faulty {
    async fn keep(&self, _: Evidence) -> Result<(), NotKept> {
        Ok(())
    }

    async fn rejections(
        &self,
        _: &RejectionQuery,
        _: Option<RejectionPlace>,
        _: usize,
    ) -> Result<RejectionPage, StoreError> {
        Ok(RejectionPage { records: Vec::new(), next: None })
    }

    async fn rejected_hours(&self, _: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        Ok(Vec::new())
    }

    async fn rejected_streams(&self, _: Option<(&str, &str)>, _: usize) -> Result<Vec<RejectedStream>, StoreError> {
        Ok(Vec::new())
    }
}

impl Investigate for Faulty {
    async fn records(&self, _: &Query, _: Option<&Position>, _: usize) -> Result<Page<Record>, QueryError> {
        panic!("as asked")
    }

    async fn stats(&self, _: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        panic!("as asked")
    }

    async fn streams(&self, _: Option<&Position>, _: usize) -> Result<Page<Stream>, QueryError> {
        panic!("as asked")
    }
}

const LIMITS: Limits = Limits {
    header: Duration::from_secs(10),
    body: Duration::from_millis(200),
    request: Duration::from_millis(300),
    idle: Duration::from_secs(10),
    shutdown: Duration::from_millis(100),
    requests: 10,
    connections: 10,
};

/// Head and body of the answer to an event.
fn post(stream: &mut TcpStream, path: &str, source: &str) -> String {
    let body = format!(
        "{{\"source\":\"{source}\",\"event_type\":\"t\",\"entity_id\":\"e\",\
         \"event_time\":\"2026-01-01T00:00:00Z\",\"payload\":1}}"
    );
    let kind = if path == "/ingest" { "application/json" } else { "application/x-ndjson" };
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: t\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut text = String::new();
    // Every answer here is one JSON object, and its last two brackets end it.
    while !text.ends_with("]}") {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "closed after {text}");
        text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    text
}

#[test]
fn every_fault_is_answered_and_the_next_request_too() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let api = Api::new(Faulty, ServerHost::new(Metrics::new().unwrap()), Config { metrics: true, ..Config::default() });
    let (steer, course) = watch::channel(Course::Serve);
    let _inside = runtime.enter();
    let sockets = Sockets::bind(SocketAddr::from(([127, 0, 0, 1], 0)), None).unwrap();
    let front = Front { sockets, tls: None, proxies: Vec::new(), host_names: vec!["t".into()], console: false };
    let server = Server::new(api.unwrap(), front, LIMITS).unwrap();
    let mut stream = TcpStream::connect(server.address().unwrap()).unwrap();
    let serving = runtime.spawn(server.serve(course));

    for (path, source, status, code) in [
        ("/ingest", "panics", "500", "internal"),
        ("/ingest/batch", "panics", "500", "internal"),
        ("/ingest", "hangs", "408", "timeout"),
        ("/ingest", "overloaded", "503", "overloaded"),
        ("/ingest", "fails", "503", "unavailable"),
    ] {
        let answer = post(&mut stream, path, source);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{source}: {answer}");
        assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{source}: {answer}");
        assert!(answer.contains("x-request-id: "), "{source}: {answer}");
        assert_eq!(answer.contains("retry-after: "), status == "503", "{source}: {answer}");
        assert!(!answer.contains("as asked"), "reasons are for the log: {answer}");
    }
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut metrics = String::new();
    stream.read_to_string(&mut metrics).unwrap();
    assert!(metrics.contains("\npik_requests_in_flight 1\n"), "this one alone: {metrics}");
    drop(stream);
    steer.send(Course::Stop).unwrap();
    assert!(runtime.block_on(serving).unwrap());
}

#[test]
fn a_request_whose_client_is_gone_is_finished_and_counted() {
    let served = Served::on(Faulty, Config { metrics: true, ..Config::default() }, served::LIMITS, &[]);
    let finished = "pik_http_requests_total{endpoint=\"/ingest\",status=\"503\"} 1";
    let mut client = served.connect();
    client.write(get("/healthz"));
    client.leave_unread();
    client.write(served::post("/ingest", &EVENT.replace("\"s\"", "\"waits\"")));
    // With the question for metrics itself.
    served.wait_for_metric("pik_requests_in_flight 2");
    assert!(!served.ask(&get("/metrics")).1.contains(finished));
    drop(client);
    RELEASED.add_permits(1);
    served.wait_for_metric(finished);
    served.wait_for_metric("pik_requests_in_flight 1");
}
