//! The clocks, the randomness and the observer of this process.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pik_http::{Exchange, Host, Load, Meter, Rate, TokenName, Traceparent, Written};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use super::{Metrics, lines};
use crate::meters::Meters;
use crate::{Course, Traces};

/// The clocks, the randomness and the observer of this process.
pub struct ServerHost {
    start: Instant,
    metrics: Metrics,
    traces: Traces,
    /// As many large bodies are worked on at once as there are processors: more would only take turns, with the threads
    /// that answer small requests too.
    workers: Arc<Semaphore>,
    meters: Meters,
    /// Told when the server is to end.
    course: OnceLock<watch::Receiver<Course>>,
}

impl ServerHost {
    /// A host whose monotonic clock begins now.
    pub fn new(metrics: Metrics) -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        let workers = Arc::new(Semaphore::new(processors));
        let (traces, meters, course) = (Traces::default(), Meters::default(), OnceLock::new());
        Self { start: Instant::now(), metrics, traces, workers, meters, course }
    }

    /// Makes a span of each request, too.
    pub fn with_traces(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// Ends the waits of requests when the server is to end. Of two calls the first counts.
    pub(crate) fn follow(&self, course: watch::Receiver<Course>) {
        let _ = self.course.set(course);
    }

    /// Whether connections are to end with their next answer.
    pub(crate) fn is_ending(&self) -> bool {
        self.course.get().is_some_and(|course| *course.borrow() != Course::Serve)
    }

    /// The counters that every exchange goes into.
    pub(crate) fn counters(&self) -> &Metrics {
        &self.metrics
    }
}

impl Host for ServerHost {
    fn now_ms(&self) -> i64 {
        // Euclidean, as a clock set before 1970 counts down.
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1_000_000)).map_or(i64::MIN, |ms| -ms),
        }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn nonce(&self) -> u64 {
        fastrand::u64(..)
    }

    async fn offload<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let workers = Arc::clone(&self.workers);
        let worker = workers.acquire_owned().await.expect("the semaphore of workers is never closed");
        // The work goes on although its request may be gone, and takes a processor until it ends.
        let done = spawn_blocking(move || {
            let _worker = worker;
            work()
        });
        match done.await {
            Ok(done) => done,
            Err(error) => resume_unwind(error.into_panic()),
        }
    }

    async fn pause(&self, time: Duration) -> bool {
        // Whoever comes late waits a moment all the same: it would ask again at once.
        let was_ending = self.is_ending();
        let ended = async {
            match self.course.get().cloned() {
                Some(mut course) if !was_ending => Course::ends(&mut course).await,
                Some(_) | None => pending().await,
            }
        };
        tokio::time::timeout(time, ended).await.is_err() && !was_ending
    }

    fn meter(&self, token: &TokenName, events: Option<Rate>, bytes: Option<Rate>) -> Option<Arc<dyn Meter>> {
        Some(self.meters.of(token, (events, bytes)))
    }

    fn metrics(&self, load: Load) -> Result<String, String> {
        self.metrics.text(load).map_err(|error| error.to_string())
    }

    fn evidence(&self, written: &Written<'_>) {
        self.metrics.note_evidence(written);
        if let Some(error) = written.error {
            tracing::warn!(reason = error.reason(), "evidence of refused events is not written yet");
        }
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        self.metrics.note(exchange);
        let begun = self.traces.record(SystemTime::now, exchange);
        lines::write(exchange, begun.as_deref().or(exchange.traceparent.map(Traceparent::trace_id)));
    }
}
