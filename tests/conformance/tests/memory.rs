//! The in-memory reference store passes the suite, and many threads do not confuse it.

use anyhow::Result;
use bytes::Bytes;
use futures_executor::block_on;
use pik_conformance::{
    Bench, BenchClock, SplitBench, run, run_bounded_rejections, run_exact_queries, run_queries, run_rejections,
    run_split, run_split_queries,
};
use pik_core::{
    Event, EventId, Ledger, MemoryStore, Outcome, RawKey, RawStore, Receipt, Record, Status, Store, Submission,
};

struct MemoryBench(MemoryStore, BenchClock);

impl Default for MemoryBench {
    fn default() -> Self {
        let clock = BenchClock::default();
        Self(MemoryStore { clock: clock.clock(), ..MemoryStore::default() }, clock)
    }
}

impl Bench for MemoryBench {
    type Store = MemoryStore;

    fn store(&self) -> &MemoryStore {
        &self.0
    }

    async fn objects(&self, id: &EventId) -> Result<Vec<(RawKey, Bytes)>> {
        Ok(self.0.raw_store.objects(id))
    }

    async fn records(&self, id: &EventId) -> Result<Vec<Record>> {
        Ok(self.0.ledger.records(id))
    }

    // Memory keeps nothing that it could be opened on again.
    async fn reopen(&mut self) -> Result<()> {
        Ok(())
    }
}

impl SplitBench for MemoryBench {
    fn ledger(&self) -> &impl Ledger {
        &self.0.ledger
    }

    fn raw_store(&self) -> &impl RawStore {
        &self.0.raw_store
    }

    fn clock(&self) -> &BenchClock {
        &self.1
    }
}

#[test]
fn memory_store_conforms() {
    let mut bench = MemoryBench::default();
    let report = block_on(run(&mut bench, 1, None));
    println!("{report}");
    report.assert();
    // A second run on the same store, as on one that lasts.
    block_on(run(&mut bench, 2, None)).assert();
}

#[test]
fn memory_halves_conform() {
    let bench = MemoryBench::default();
    let report = block_on(run_split(&bench, 1, None));
    println!("{report}");
    report.assert();
    block_on(run_split(&bench, 2, None)).assert();
}

#[test]
fn memory_store_answers() {
    let mut bench = MemoryBench::default();
    let report = block_on(run_queries(&mut bench, 1, None));
    println!("{report}");
    report.assert();
    block_on(run_split_queries(&bench, 1, None)).assert();
    // A second run on the same store, as on one that lasts.
    block_on(run_queries(&mut bench, 2, None)).assert();
    block_on(run_split_queries(&bench, 2, None)).assert();
}

#[test]
fn memory_store_keeps_evidence() {
    let mut bench = MemoryBench::default();
    for nonce in [1, 2] {
        let report = block_on(run_rejections(&mut bench, nonce, None));
        println!("{report}");
        report.assert();
        block_on(run_bounded_rejections(&bench, nonce, None)).assert();
    }
}

#[test]
fn memory_store_is_not_exact() {
    let report = block_on(run_exact_queries(&mut MemoryBench::default(), 1, None));
    let failed: Vec<_> = report.failures().into_iter().map(|(name, _)| name).collect();
    assert!(failed.contains(&"settled_clock_steps_far_back"), "{report}");
}

#[test]
fn one_check_by_name() {
    let report = block_on(run(&mut MemoryBench::default(), 1, Some("race")));
    assert_eq!(report.names(), ["race"]);
    assert!(report.known().len() > 20 && report.known().contains(&"race"));
    report.assert();
}

#[test]
#[should_panic(expected = "no check of that name")]
fn a_name_that_is_none_is_no_success() {
    block_on(run(&mut MemoryBench::default(), 1, Some("rase"))).assert();
}

#[test]
fn threads_race_for_one_event() {
    const THREADS: u64 = 64;
    let body = br#"{"source":"s","event_type":"t","entity_id":"e","event_time":"2025-12-28T23:59:59Z","payload":1}"#;
    let event = Event::parse(body).unwrap();
    let time = "2025-12-29T20:15:35.580Z".parse().unwrap();
    let store = MemoryStore::default();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let attempt = |nonce| Submission::new(&event, time, Receipt::new("r", nonce, 0));
        let threads: Vec<_> = (0..THREADS)
            .map(|nonce| (nonce, &store))
            .map(|(nonce, store)| scope.spawn(move || block_on(store.ingest(attempt(nonce)))))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == Outcome::Accepted).count(), 1);
    let records = store.ledger.records(event.id());
    assert_eq!(records.iter().filter(|record| record.status == Status::Duplicate).count(), 63);
}
