//! A service on a store in memory, whose clock and randomness are known and whose store fails when told to.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use pik_core::{
    Answer, Bucket, Event, EventId, Evidence, IngestTime, Investigate, MemoryStore, NotKept, Page, Position, Query,
    QueryError, RawObject, Receipt, Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace,
    RejectionQuery, Rejections, StatsQuery, Store, StoreError, Stream, Submission,
};
use pik_http::{Api, Config, Exchange, Host, Load};
use serde_json::Value;
use tower::ServiceExt;

/// The example of the contract.
pub(crate) const EXAMPLE: &str = r#"{"source":"demo","event_type":"heartbeat","entity_id":"user_123","event_time":"2025-12-28T23:59:59Z","payload":{"steps":10}}"#;
pub(crate) const EXAMPLE_ID: &str = "59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec";
pub(crate) const EXAMPLE_KEY: &str = "raw/source=demo/event_type=heartbeat/event_date=2025-12-28/ingest_date=2025-12-29/hour=23/event_id=59a3f098414a504e256530ab459d1f7e63f9c3c089ddee6fd42ba77525e14bec.json";

/// 2025-12-29T20:15:35.580Z, when the contract's example arrived.
const NOW_MS: i64 = 1_767_039_335_580;

/// Its clock stands still, its nonces count from 1, and it remembers what it was told.
#[derive(Default)]
pub(crate) struct TestHost {
    nonces: AtomicU64,
    monotonic_ms: AtomicU64,
    observed: Mutex<Vec<String>>,
    pub(crate) pauses: AtomicU64,
    /// After so many the host is about to stop.
    pub(crate) most_pauses: AtomicU64,
}

impl Host for TestHost {
    fn now_ms(&self) -> i64 {
        NOW_MS
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic_ms.fetch_add(7, Ordering::Relaxed))
    }

    fn nonce(&self) -> u64 {
        self.nonces.fetch_add(1, Ordering::Relaxed) + 1
    }

    // Time passes at once.
    async fn pause(&self, time: Duration) -> bool {
        self.monotonic_ms.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        self.pauses.fetch_add(1, Ordering::Relaxed) + 1 < self.most_pauses.load(Ordering::Relaxed)
    }

    fn metrics(&self, _: Load) -> Result<String, String> {
        Ok("pik_build_info 1\n".to_owned())
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        self.observed.lock().unwrap().push(format!("{exchange:?}"));
    }
}

/// A memory store that counts its calls and fails those it is told to.
#[derive(Default)]
pub(crate) struct TestStore {
    pub(crate) memory: MemoryStore,
    /// For each ingest, look-up or readiness check to come: what it fails with, if it does.
    faults: Mutex<VecDeque<Option<StoreError>>>,
    pub(crate) calls: AtomicU64,
    pub(crate) receipts: Mutex<Vec<String>>,
    /// Leaves out the last answer of a batch.
    pub(crate) forgetful: AtomicBool,
    /// Keeps no evidence of refused events.
    pub(crate) lose_evidence: AtomicBool,
}

impl TestStore {
    fn fault(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match self.faults.lock().unwrap().pop_front() {
            Some(Some(error)) => Err(error),
            Some(None) | None => Ok(()),
        }
    }
}

impl Store for TestStore {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        self.fault()?;
        self.receipts.lock().unwrap().push(submission.receipt.as_str().to_owned());
        self.memory.ingest(submission).await
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        let mut answers = Vec::new();
        for submission in submissions {
            answers.push(self.ingest(submission).await);
        }
        if self.forgetful.load(Ordering::Relaxed) {
            answers.pop();
        }
        answers
    }

    async fn find(&self, id: &EventId) -> Result<Option<Record>, StoreError> {
        self.fault()?;
        self.memory.find(id).await
    }

    async fn raw(&self, id: &EventId) -> Result<Option<RawObject>, StoreError> {
        self.fault()?;
        self.memory.raw(id).await
    }

    async fn settled_until(&self, now: IngestTime) -> Result<IngestTime, StoreError> {
        self.fault()?;
        Ok(now)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.fault()
    }
}

impl Rejections for TestStore {
    async fn keep(&self, evidence: Evidence) -> Result<(), NotKept> {
        if self.lose_evidence.load(Ordering::Relaxed) {
            return Err(NotKept { error: StoreError::Unavailable("as asked".into()), rest: evidence });
        }
        self.memory.keep(evidence).await
    }

    async fn rejections(
        &self,
        query: &RejectionQuery,
        after: Option<RejectionPlace>,
        limit: usize,
    ) -> Result<RejectionPage, StoreError> {
        self.memory.rejections(query, after, limit).await
    }

    async fn rejected_hours(&self, query: &RejectedHours) -> Result<Vec<RejectedHour>, StoreError> {
        self.memory.rejected_hours(query).await
    }

    async fn rejected_streams(
        &self,
        after: Option<(&str, &str)>,
        limit: usize,
    ) -> Result<Vec<RejectedStream>, StoreError> {
        self.memory.rejected_streams(after, limit).await
    }
}

impl Investigate for TestStore {
    async fn records(&self, query: &Query, after: Option<&Position>, limit: usize) -> Result<Page<Record>, QueryError> {
        self.fault()?;
        self.memory.records(query, after, limit).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        self.fault()?;
        self.memory.stats(query).await
    }

    async fn streams(&self, after: Option<&Position>, limit: usize) -> Result<Page<Stream>, QueryError> {
        self.fault()?;
        self.memory.streams(after, limit).await
    }
}

/// A service under test.
pub(crate) struct Service {
    pub(crate) api: Api<TestStore, TestHost>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Service {
    pub(crate) fn new(config: Config) -> Self {
        Self { api: Api::new(TestStore::default(), TestHost::default(), config).unwrap() }
    }

    pub(crate) fn with_tokens(tokens: &[&str]) -> Self {
        Self::new(Config { tokens: tokens.iter().map(|token| (*token).to_owned()).collect(), ..Config::default() })
    }

    /// Says which of the store's next calls fail; those after them do not.
    pub(crate) fn fail_next(&self, faults: impl IntoIterator<Item = Option<StoreError>>) {
        *self.api.store().faults.lock().unwrap() = faults.into_iter().collect();
    }

    /// How often the store was asked anything.
    pub(crate) fn store_calls(&self) -> u64 {
        self.api.store().calls.load(Ordering::Relaxed)
    }

    /// What the host was told since the last time, one line a request.
    pub(crate) fn observed(&self) -> Vec<String> {
        std::mem::take(&mut self.api.host().observed.lock().unwrap())
    }

    pub(crate) fn send(&self, request: Request<Body>) -> Answered {
        let response = futures_executor::block_on(self.api.router().oneshot(request)).unwrap();
        read(response)
    }

    /// [`Service::send`] within another future.
    pub(crate) async fn asynchronously(&self, request: Request<Body>) -> Answered {
        read_on(self.api.router().oneshot(request).await.unwrap()).await
    }

    pub(crate) fn call(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answered {
        self.send(request(method, target, headers, body))
    }

    pub(crate) fn get(&self, target: &str) -> Answered {
        self.call(Method::GET, target, &[], Body::empty())
    }

    /// Has an event arrive, `nth` in its test, at a time that is not the host's.
    pub(crate) fn arrive(&self, nth: usize, body: &str, ingest_time: &str) -> Answer {
        let event = Event::parse(body.as_bytes()).unwrap();
        let submission = Submission::new(&event, ingest_time.parse().unwrap(), Receipt::new("past", 0, nth));
        futures_executor::block_on(self.api.store().memory.ingest(submission)).unwrap()
    }

    /// Posts JSON.
    pub(crate) fn post(&self, target: &str, body: impl Into<Body>) -> Answered {
        self.call(Method::POST, target, &[("content-type", "application/json")], body)
    }
}

pub(crate) fn read(response: axum::response::Response) -> Answered {
    futures_executor::block_on(read_on(response))
}

async fn read_on(response: axum::response::Response) -> Answered {
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Answered { status: head.status, headers: head.headers, body }
}

pub(crate) fn request(method: Method, target: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(target);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).body(body.into()).unwrap()
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// HTTP status, outcome and codes, as `400 REJECTED empty,missing_field`.
    pub(crate) fn gist(&self) -> String {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        let codes: Vec<&str> = errors.iter().filter_map(|error| error["code"].as_str()).collect();
        format!("{} {} {}", self.status.as_u16(), json["status"].as_str().unwrap_or("-"), codes.join(","))
            .trim_end()
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
