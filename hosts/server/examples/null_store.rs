//! The server over a store that stores nothing, to measure what durability costs. Not for anything else: events are
//! answered ACCEPTED and gone.
//!
//!     cargo run --release -p pik-server --example null_store -- 127.0.0.1:8081

use std::time::Duration;

use pik_core::{
    Answer, Bucket, EventId, Evidence, IngestTime, Investigate, NotKept, Page, Position, Query, QueryError, RawObject,
    Record, RejectedHour, RejectedHours, RejectedStream, RejectionPage, RejectionPlace, RejectionQuery, Rejections,
    StatsQuery, Store, StoreError, Stream, Submission,
};
use pik_http::{Api, Config};
use pik_server::{Front, Level, Limits, Log, Metrics, ServerHost, Sockets};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct NullStore;

fn accepted(submission: &Submission) -> Result<Answer, StoreError> {
    Ok(submission.accepted())
}

impl Store for NullStore {
    async fn ingest(&self, submission: Submission) -> Result<Answer, StoreError> {
        accepted(&submission)
    }

    async fn ingest_batch(&self, submissions: Vec<Submission>) -> Vec<Result<Answer, StoreError>> {
        submissions.iter().map(accepted).collect()
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
        Ok(())
    }
}

impl Rejections for NullStore {
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

impl Investigate for NullStore {
    async fn records(&self, _: &Query, _: Option<&Position>, _: usize) -> Result<Page<Record>, QueryError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Vec<Bucket>, StoreError> {
        Ok(query.answer(&vec![Default::default(); query.buckets()]))
    }

    async fn streams(&self, _: Option<&Position>, _: usize) -> Result<Page<Stream>, QueryError> {
        Ok(Page { items: Vec::new(), next: None })
    }
}

fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".into());
    let level = if std::env::var("LOG_LEVEL").is_ok_and(|level| level == "info") { Level::Info } else { Level::Warn };
    pik_server::pages::keep_small();
    let metrics = Metrics::new()?;
    let log = Log::start(level, metrics.log_lines_dropped.clone())?;
    let api = Api::new(NullStore, ServerHost::new(metrics), Config { metrics: true, ..Config::default() })?;
    let limits = Limits {
        header: Duration::from_secs(10),
        body: Duration::from_secs(30),
        request: Duration::from_secs(60),
        idle: Duration::from_secs(75),
        shutdown: Duration::from_secs(25),
        requests: 1024,
        connections: 900,
    };
    pik_server::run(
        api,
        Front {
            sockets: Sockets::bind(address.parse()?, None)?,
            tls: None,
            proxies: Vec::new(),
            host_names: Vec::new(),
            console: false,
        },
        limits,
        &[],
    )?;
    drop(log);
    Ok(())
}
