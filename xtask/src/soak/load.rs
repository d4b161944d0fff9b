//! Clients that send and ask without end.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::PATIENCE;
use super::calm::Calm;
use super::connection::Connection;

/// Clients that send one event after the other, and those that send batches.
const SINGLES: usize = 8;
const BATCHES: usize = 2;
const BATCH: u64 = 100;

/// What each pauses between two requests: the store must fit on its disk for as long as this runs.
const SINGLE_PAUSE: Duration = Duration::from_millis(10);
const BATCH_PAUSE: Duration = Duration::from_millis(200);
const QUESTION_PAUSE: Duration = Duration::from_millis(50);
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// What is asked beside.
const QUESTIONS: [&str; 6] = [
    "/streams",
    "/stats?source=soak&event_type=lane_0&from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z",
    "/events?source=soak&event_type=lane_1&from=2026-01-01T00:00:00Z&limit=1000&order=desc",
    "/events?arrived_from=2020-01-01T00:00:00Z&limit=1000",
    "/rejections",
    "/metrics",
];

/// Clients that send and ask until they are stopped.
pub(super) struct Load<'a> {
    address: SocketAddr,
    calm: &'a Calm,
    /// How many events of each client were answered: the first so many.
    answered: [AtomicU64; SINGLES + BATCHES],
    /// The same, when it was last marked.
    marked: [AtomicU64; SINGLES + BATCHES],
    requests: AtomicU64,
    longest_us: AtomicU64,
    is_over: AtomicBool,
}

impl<'a> Load<'a> {
    pub(super) fn new(address: SocketAddr, calm: &'a Calm) -> Self {
        Self {
            address,
            calm,
            answered: Default::default(),
            marked: Default::default(),
            requests: AtomicU64::new(0),
            longest_us: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    pub(super) fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        for lane in 0..SINGLES + BATCHES {
            scope.spawn(move || self.send(lane));
        }
        scope.spawn(|| self.ask());
    }

    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn send(&self, lane: usize) {
        let mut connection = Connection::to(self.address);
        while !self.is_over() {
            let first = self.answered[lane].load(Ordering::Relaxed);
            let (path, kind, count, pause) = if lane < SINGLES {
                ("/ingest", "application/json", 1, SINGLE_PAUSE)
            } else {
                ("/ingest/batch", "application/x-ndjson", BATCH, BATCH_PAUSE)
            };
            let body: String = (first..first + count).map(|number| event(lane, number)).collect();
            if self.insists(&mut connection, path, kind, body.as_bytes(), count) {
                self.answered[lane].fetch_add(count, Ordering::SeqCst);
            }
            thread::sleep(pause);
        }
    }

    /// Sends until all is answered as stored. False if the time was over first.
    fn insists(&self, connection: &mut Connection, path: &str, kind: &str, body: &[u8], count: u64) -> bool {
        while !self.is_over() {
            let answer = self.noted(|| connection.ask(path, Some((kind, body))), path);
            let stored =
                answer.matches("\"status\":\"ACCEPTED\"").count() + answer.matches("\"status\":\"DUPLICATE\"").count();
            if stored as u64 == count {
                return true;
            }
            thread::sleep(RETRY_PAUSE);
        }
        false
    }

    fn ask(&self) {
        let mut connection = Connection::to(self.address);
        for path in QUESTIONS.iter().cycle() {
            if self.is_over() {
                return;
            }
            self.noted(|| connection.ask(path, None), path);
            thread::sleep(QUESTION_PAUSE);
        }
    }

    /// The body of an answer with 200; nothing for all others, which are faults in calm times.
    fn noted(&self, ask: impl FnOnce() -> Result<super::connection::Answer>, path: &str) -> String {
        let (began, start) = (self.calm.time(), Instant::now());
        let answer = ask();
        let took = start.elapsed();
        match answer {
            Ok(answer) if answer.status == 200 => {
                self.requests.fetch_add(1, Ordering::Relaxed);
                if began.is_multiple_of(2) {
                    self.longest_us.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
                }
                return answer.body;
            }
            Ok(answer) => self.calm.failed(began, format!("{path}: {} {}", answer.status, answer.body)),
            Err(error) => self.calm.failed(began, format!("{path} after {took:?}: {error:#}")),
        }
        String::new()
    }

    /// Whether the server says that it is ready.
    pub(super) fn is_ready(&self) -> bool {
        Connection::to(self.address).ask("/readyz", None).is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until every client has had more of its events answered.
    pub(super) fn goes_on(&self) -> Result<()> {
        let (start, before) = (Instant::now(), self.counts());
        while self.counts().iter().zip(&before).any(|(now, before)| now < &(before + 2)) {
            if start.elapsed() > PATIENCE {
                bail!("clients get no answers: {:?} of {before:?}", self.counts());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn counts(&self) -> Vec<u64> {
        self.answered.iter().map(|count| count.load(Ordering::SeqCst)).collect()
    }

    /// Notes what is answered now.
    pub(super) fn mark(&self) {
        for (marked, count) in self.marked.iter().zip(self.counts()) {
            marked.store(count, Ordering::SeqCst);
        }
    }

    pub(super) fn write_answered(&self, file: &Path) -> Result<()> {
        write(file, &self.answered)
    }

    pub(super) fn write_marked(&self, file: &Path) -> Result<()> {
        write(file, &self.marked)
    }

    pub(super) fn told(&self) -> String {
        let events: u64 = self.counts().iter().sum();
        let requests = self.requests.load(Ordering::Relaxed);
        let longest = Duration::from_micros(self.longest_us.load(Ordering::Relaxed));
        format!("{events} events in {requests} requests, none failed in calm times, the longest took {longest:.1?}")
    }
}

fn write(file: &Path, counts: &[AtomicU64]) -> Result<()> {
    let mut lines = BufWriter::new(File::create(file)?);
    for (lane, count) in counts.iter().enumerate() {
        for number in 0..count.load(Ordering::SeqCst) {
            lines.write_all(event(lane, number).as_bytes())?;
        }
    }
    Ok(lines.flush()?)
}

/// A line. Its time is a second later for each number.
fn event(lane: usize, number: u64) -> String {
    let (day, rest) = (number / 86_400, number % 86_400);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!(
        "{{\"source\":\"soak\",\"event_type\":\"lane_{lane}\",\"entity_id\":\"client_{}\",\
         \"event_time\":\"2026-01-{:02}T{hour:02}:{minute:02}:{second:02}Z\",\"payload\":{{\"number\":{number}}}}}\n",
        number % 100,
        day % 28 + 1,
    )
}
