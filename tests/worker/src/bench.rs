//! The store on the conformance suite's bench: what is seen of it through the bindings' own calls.

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use pik_cloudflare::{CloudflareStore, D1Ledger, R2RawStore, cloudflare_store};
use pik_conformance::{Bench, BenchClock, SplitBench};
use pik_core::{EventId, IngestTime, Ledger, RawKey, RawStore, Receipt, Record, Status};
use serde_json::Value;
use worker::Env;

const BUCKET_NAME: &str = "pik-raw";

pub(crate) struct WorkerBench {
    env: Env,
    store: CloudflareStore,
    clock: BenchClock,
}

impl WorkerBench {
    pub(crate) fn new(env: &Env) -> Result<Self> {
        let clock = BenchClock::default();
        Ok(Self { env: env.clone(), store: open(env, &clock)?, clock })
    }

    /// The rows of a statement about one event.
    async fn rows(&self, sql: &str, id: &EventId) -> Result<Vec<Value>> {
        let statement = self.env.d1("DB").map_err(told)?.prepare(sql).bind(&[id.to_string().into()]).map_err(told)?;
        statement.all().await.map_err(told)?.results().map_err(told)
    }
}

fn open(env: &Env, clock: &BenchClock) -> Result<CloudflareStore> {
    let ledger = D1Ledger::new(env.d1("DB").map_err(told)?, BUCKET_NAME);
    let store = cloudflare_store(ledger, R2RawStore::new(env.bucket("RAW").map_err(told)?));
    Ok(CloudflareStore { clock: clock.clock(), ..store })
}

fn told(error: worker::Error) -> anyhow::Error {
    anyhow!("{error}")
}

impl Bench for WorkerBench {
    type Store = CloudflareStore;

    fn store(&self) -> &CloudflareStore {
        &self.store
    }

    async fn objects(&self, id: &EventId) -> Result<Vec<(RawKey, Bytes)>> {
        let bucket = self.env.bucket("RAW").map_err(told)?;
        let name = format!("event_id={id}.json");
        let mut objects = Vec::new();
        let mut cursor = None;
        loop {
            let mut list = bucket.list();
            if let Some(cursor) = cursor {
                list = list.cursor(cursor);
            }
            let page = list.execute().await.map_err(told)?;
            for key in page.objects().iter().map(worker::Object::key).filter(|key| key.ends_with(&name)) {
                let object = bucket.get(&key).execute().await.map_err(told)?.context("an object went away")?;
                let bytes = object.body().context("an object without a body")?.bytes().await.map_err(told)?;
                objects.push((key.parse().map_err(|_| anyhow!("{key}"))?, bytes.into()));
            }
            cursor = page.cursor();
            if !page.truncated() {
                return Ok(objects);
            }
        }
    }

    async fn records(&self, id: &EventId) -> Result<Vec<Record>> {
        let events = "SELECT *, lower(hex(event_id)) AS id, lower(hex(payload_hash)) AS hash FROM event WHERE event_id = unhex(?1)";
        let duplicates = "SELECT ingest_ms, finished_ms, receipt FROM duplicate WHERE event_id = unhex(?1)";
        let mut records = Vec::new();
        for row in self.rows(events, id).await? {
            records.push(record(&row)?);
        }
        for row in self.rows(duplicates, id).await? {
            let first = records.first().context("a duplicate without an event")?.clone();
            let ingest_time = ingest_time(&row)?;
            records.push(Record {
                ingest_time,
                ingest_lag_ms: ingest_time.lag_ms(&first.event_time),
                finished_time: finished_time(&row)?,
                status: Status::Duplicate,
                receipt: Receipt::from_stored(text(&row, "receipt")?),
                ..first
            });
        }
        Ok(records)
    }

    async fn reopen(&mut self) -> Result<()> {
        self.store = open(&self.env, &self.clock)?;
        Ok(())
    }
}

fn text<'a>(row: &'a Value, column: &str) -> Result<&'a str> {
    row[column].as_str().with_context(|| format!("no `{column}` in {row}"))
}

fn number(row: &Value, column: &str) -> Result<i64> {
    row[column].as_i64().with_context(|| format!("no `{column}` in {row}"))
}

fn ingest_time(row: &Value) -> Result<IngestTime> {
    IngestTime::from_unix_ms(number(row, "ingest_ms")?).context("ingest_ms")
}

fn finished_time(row: &Value) -> Result<Option<IngestTime>> {
    match &row["finished_ms"] {
        Value::Null => Ok(None),
        _ => Ok(IngestTime::from_unix_ms(number(row, "finished_ms")?)),
    }
}

/// A record read without the code under test, except that its key follows from the rest.
fn record(row: &Value) -> Result<Record> {
    let seconds = number(row, "event_seconds")?;
    let event_time = pik_core::EventTime::from_unix(seconds, u32::try_from(number(row, "event_nanoseconds")?)?);
    let event_time = event_time.context("event_seconds")?;
    anyhow::ensure!(number(row, "event_day")? == seconds.div_euclid(86_400), "event_day in {row}");
    let ingest_time = ingest_time(row)?;
    let event_id: EventId = text(row, "id")?.parse().map_err(|_| anyhow!("event_id"))?;
    let (source, event_type) = (text(row, "source")?, text(row, "event_type")?);
    Ok(Record {
        event_id,
        source: source.into(),
        event_type: event_type.into(),
        entity_id: text(row, "entity_id")?.into(),
        event_time,
        ingest_time,
        ingest_lag_ms: number(row, "ingest_lag_ms")?,
        finished_time: finished_time(row)?,
        status: Status::from_stored(text(row, "status")?).context("status")?,
        raw_bucket: text(row, "raw_bucket")?.into(),
        raw_key: RawKey::of(source, event_type, &event_time, ingest_time, &event_id),
        raw_size: u64::try_from(number(row, "raw_size")?)?,
        payload_hash: text(row, "hash")?.parse().map_err(|_| anyhow!("payload_hash"))?,
        receipt: Receipt::from_stored(text(row, "receipt")?),
        contract: u8::try_from(number(row, "contract")?)?,
    })
}

impl SplitBench for WorkerBench {
    fn ledger(&self) -> &impl Ledger {
        &self.store.ledger
    }

    fn raw_store(&self) -> &impl RawStore {
        &self.store.raw_store
    }

    fn clock(&self) -> &BenchClock {
        &self.clock
    }
}
