//! What is looked up when Prometheus asks, and costs nothing meanwhile.

use std::sync::{Arc, Weak};

use prometheus::PullingGauge;
use prometheus::core::Collector;

use crate::db::checkpoint::Log;
use crate::db::files::Names;
use crate::health::Health;
use crate::index::tree::Memory;
use crate::queue::Queue;
use crate::read::reader::Question;
use crate::write::job::Entry;

/// Where to look. What it holds weakly ends with the store.
pub(crate) struct Gauges {
    pub(crate) writes: Weak<Queue<Entry>>,
    pub(crate) questions: Weak<Queue<Question>>,
    pub(crate) log: Weak<Log>,
    pub(crate) keys: Weak<Memory>,
    pub(crate) health: Weak<Health>,
    pub(crate) names: Names,
}

impl Gauges {
    pub(crate) fn collectors(self) -> prometheus::Result<Vec<Box<dyn Collector>>> {
        let Self { writes, questions, log, keys, health, names } = self;
        let (database, wal) = (names.clone(), names);
        Ok(vec![
            gauge("pik_sqlite_database_bytes", "The size of the database file", move || {
                bytes(database.database_length().ok())
            })?,
            gauge("pik_sqlite_wal_bytes", "The size of the write-ahead log's file", move || {
                bytes(wal.log_length().ok())
            })?,
            of(
                &log,
                "pik_sqlite_checkpoint_lag_bytes",
                "What is in the log and not yet in the database file",
                |log| log.lag_bytes() as f64,
            )?,
            of(&health, "pik_sqlite_disk_free_bytes", "What the database's disk has free", |health| {
                bytes(health.room().free_bytes())
            })?,
            of(
                &health,
                "pik_sqlite_disk_min_free_bytes",
                "With fewer bytes free no event is taken: --min-free-bytes",
                |health| health.room().min_free_bytes() as f64,
            )?,
            of(&health, "pik_sqlite_ready", "1 if an event that came now would be stored, 0 if not", |health| {
                f64::from(u8::from(health.check().is_ok()))
            })?,
            of(&writes, "pik_sqlite_queue_events", "Events that wait for the writer", |queue| {
                queue.waiting().items as f64
            })?,
            of(&writes, "pik_sqlite_queue_max_events", "Beyond so many, events are answered overloaded", |queue| {
                queue.room().items as f64
            })?,
            of(&writes, "pik_sqlite_queue_bytes", "Bytes of raw events that wait for the writer", |queue| {
                queue.waiting().bytes as f64
            })?,
            of(&writes, "pik_sqlite_queue_max_bytes", "Beyond so many, events are answered overloaded", |queue| {
                queue.room().bytes as f64
            })?,
            of(&questions, "pik_sqlite_questions_waiting", "Questions that wait for a reader", |queue| {
                queue.waiting().items as f64
            })?,
            of(
                &keys,
                "pik_sqlite_index_memory_keys",
                "Keys of the index that are in memory and in no run yet",
                |keys| keys.keys() as f64,
            )?,
        ])
    }
}

fn of<T: Send + Sync + 'static>(
    part: &Weak<T>,
    name: &str,
    help: &str,
    look: impl Fn(&T) -> f64 + Send + Sync + 'static,
) -> prometheus::Result<Box<dyn Collector>> {
    let part = Weak::clone(part);
    gauge(name, help, move || part.upgrade().map_or(f64::NAN, |part: Arc<T>| look(&part)))
}

fn gauge(
    name: &str,
    help: &str,
    look: impl Fn() -> f64 + Send + Sync + 'static,
) -> prometheus::Result<Box<dyn Collector>> {
    Ok(Box::new(PullingGauge::new(name, help, Box::new(look))?))
}

fn bytes(found: Option<u64>) -> f64 {
    found.map_or(f64::NAN, |bytes| bytes as f64)
}
